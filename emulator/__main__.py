"""`python -m emulator` is `fps-emulator`."""

from emulator.cli import main

main(prog_name="fps-emulator")
