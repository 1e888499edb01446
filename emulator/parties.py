"""Whom the client speaks to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Party:
    """A service as the user knows it: its name, the program that runs it, the option that names its address."""

    name: str
    program: str
    option: str


SEES = Party("SEES", "sees-server", "--sees")
EXPRESSPLAY = Party("ExpressPlay", "expressplay-mock", "--expressplay")
WEB_SERVER = Party("the web server", "the web server", "the title's URL")
"""Whoever serves a title that is played by its URL."""
