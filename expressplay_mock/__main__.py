"""`python -m expressplay_mock`: the same as the command `expressplay-mock`."""

from expressplay_mock.cli import main

main(prog_name="expressplay-mock")
