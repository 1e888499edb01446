"""The client: an emulated Apple device with a FairPlay player, the command `fps-emulator`.

What a program may import is in these modules, by these names; nothing else is promised:

    emulator.binding       connect, register, play, bind, Client, Grant
    emulator.device        Device, provision
    emulator.title      load_title, Reading, Title
    emulator.screening     watch, Screening
    emulator.verdict       Verdict, TrackResult
    emulator.kept_titles   keep, load, play_kept, renew, KeptTitle
    emulator.errors        EmulatorError and its kinds
    emulator.transport     Web
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
