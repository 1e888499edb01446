"""The walkthrough page behind `fps-emulator serve`: virtual devices on a stage, and a browser that watches."""
