"""What packages offer to programs that embed them is there, and costs nothing until it is used."""

import importlib
import re
import subprocess
import sys

import pytest

PACKAGES = ("emulator", "expressplay_mock", "hosting", "server", "simulation")


@pytest.mark.parametrize("package", PACKAGES)
def test_each_name_that_a_package_offers_is_there(package: str) -> None:
    offered = importlib.import_module(package)
    lines = re.findall(rf"^    ({package}\.[\w.]+) +(.+)$", offered.__doc__ or "", re.MULTILINE)
    assert len(lines) >= 3
    for module, names in lines:
        there = vars(importlib.import_module(module))
        for name in re.findall(r"\b[A-Za-z_]+\b", names.removesuffix(" and its kinds")):
            assert name in there, f"{module} has no {name}"
    for name in offered.__all__:
        assert hasattr(offered, name), f"{package} has no {name}"


def test_the_packages_alone_import_nothing() -> None:
    code = f"import sys; seen = set(sys.modules); import {', '.join(PACKAGES)}\nprint(*sorted(set(sys.modules) - seen))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == list(PACKAGES)
