"""The command `sees-server`, and `python -m server`."""

from hosting.entry import start


def main() -> None:
    """Run the command."""
    start("server.cli", "sees-server")


if __name__ == "__main__":
    main()
