"""The client: an emulated Apple device with a FairPlay player, the command `fps-emulator`."""

__version__ = "0.1.0"
