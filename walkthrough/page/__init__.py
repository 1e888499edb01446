"""The walkthrough page behind `fps-emulator serve`: virtual devices on real services, and a browser that watches."""

__all__: list[str] = []
