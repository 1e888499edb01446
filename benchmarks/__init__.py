"""What measures the project, breaks it on purpose, and starts it as a cluster. Nothing of the parties imports this."""

__all__: list[str] = []
