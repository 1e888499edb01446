"""Reading the options of `fps-emulator conform`: each mistake is one line that says what was expected."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_file = click.Path(dir_okay=False, path_type=Path)
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e]*)")
_KEY = re.compile(r"[0-9a-fA-F]{32}")


def report_option(kind: str, text: str) -> Callable[[Command], Command]:
    """Return the option `--kind FILE`, which the command gets as `kind_file`."""
    return click.option(f"--{kind}", f"{kind}_file", type=_file, callback=_writable, metavar="FILE", help=text)


def hexadecimal(_context: click.Context, _parameter: click.Parameter, text: str | None) -> bytes | None:
    """Return 16 bytes. The mistake is told without its text, which may be a key."""
    if text is None:
        return None
    if not _KEY.fullmatch(text):
        raise click.BadParameter(f"expected 32 hexadecimal digits, found another text of {len(text)} characters")
    return bytes.fromhex(text)


def seconds_range(_context: click.Context, _parameter: click.Parameter, text: str | None) -> tuple[float, float] | None:
    """Return the least and most of MIN-MAX."""
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,9})-([0-9]{1,9})", text)
    if not found or int(found[1]) > int(found[2]):
        raise click.BadParameter(f"expected seconds like 30-3600, found {text[:64]!r}")
    return float(found[1]), float(found[2])


def header(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, str]:
    """Return the headers of NAME:VALUE."""
    headers = {}
    for text in texts:
        if not (found := _HEADER.fullmatch(text)):
            raise click.BadParameter("expected NAME:VALUE in ASCII, found another text")
        headers[found[1]] = found[2]
    return headers


def property_(_context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]) -> dict[str, Any]:
    """Return the properties of NAME=VALUE; a value that is no JSON is a string."""
    properties: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise click.BadParameter(f"expected NAME=VALUE, found {text[:64]!r}")
        try:
            properties[name] = json.loads(value)
        except ValueError:
            properties[name] = value
    return properties


def _writable(_context: click.Context, _parameter: click.Parameter, path: Path | None) -> Path | None:
    """Refuse, before the run and not after it, a file that cannot be written."""
    if path and not path.parent.is_dir():
        raise click.BadParameter(f"expected a file in a directory that is there, found no directory {path.parent}")
    if path and not os.access(path if path.exists() else path.parent, os.W_OK):
        raise click.BadParameter(f"expected a file that can be written, found {path}, which cannot")
    return path
