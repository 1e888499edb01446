"""Reads the TOML files that hold secrets: a complaint says where the mistake is, and quotes nothing of the file."""

import re
import tomllib
from pathlib import Path
from typing import Any

_PLACE = re.compile(r"\(at (line \d+, column \d+|end of document)\)")


class BadToml(ValueError):
    """A file that cannot be read as TOML; the message is one line, without the path."""


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file. Raises `BadToml`."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadToml(error.strerror or str(error)) from None
    except UnicodeDecodeError:
        raise BadToml("expected TOML in UTF-8, found other bytes") from None
    except RecursionError:
        raise BadToml("expected TOML, found arrays or tables nested too deeply") from None
    except ValueError as error:
        # The rest of the parser's message may quote a key or a character of the file.
        place = _PLACE.search(str(error))
        raise BadToml("expected TOML, found a mistake" + (f" at {place[1]}" if place else "")) from None
