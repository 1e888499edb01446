"""The same for a server in any language: start it as a program, with the mock in its environment."""

import sys
from pathlib import Path

import pytest
from own_sees import MOVIE, TRAILER

from sees_testing.serving import StartError, serving_process

PROGRAM = Path(__file__).with_name("own_sees.py")


def test_the_program_serves(expressplay, virtual_device):
    settings = {
        "EXPRESSPLAY_URL": expressplay.url,
        "EXPRESSPLAY_AUTHENTICATOR": expressplay.authenticator,
        "PORT": "{port}",
    }
    with serving_process([sys.executable, str(PROGRAM)], settings) as url:
        virtual_device.register(url, TRAILER, "alice")
        virtual_device.play(url, MOVIE, "alice")


def test_a_program_that_ends_is_told():
    with pytest.raises(StartError, match="status 3"), serving_process([sys.executable, "-c", "exit(3)"], {}):
        pass
