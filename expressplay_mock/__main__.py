"""The command `expressplay-mock`, and `python -m expressplay_mock`."""

from hosting.entry import start


def main() -> None:
    """Run the command."""
    start("expressplay_mock.cli", "expressplay-mock")


if __name__ == "__main__":
    main()
