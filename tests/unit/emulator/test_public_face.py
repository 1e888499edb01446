"""The public face of the emulator is what its docstring lists, and all of it is there."""

import importlib
import re

import emulator

LINE = re.compile(r"^    (emulator\.\w+) +(.+)$", re.MULTILINE)


def test_what_the_docstring_lists_can_be_imported() -> None:
    listed = {
        module: re.findall(r"\w+", names.replace("and its kinds", ""))
        for module, names in LINE.findall(emulator.__doc__ or "")
    }
    assert len(listed) > 5
    for module, names in listed.items():
        found = importlib.import_module(module)
        assert [name for name in names if not hasattr(found, name)] == []
