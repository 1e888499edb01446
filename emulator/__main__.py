"""The command `fps-emulator`, and `python -m emulator`."""

from hosting.entry import start


def main() -> None:
    """Run the command."""
    start("emulator.cli", "fps-emulator")


if __name__ == "__main__":
    main()
