"""Modules as one classic script: from disk a browser runs no module.

It understands the two forms that the page's own modules have, and refuses any other: `import {…} from './x.js';` (or
without names) on one line, and `export` before a function or a `const` of one name.
"""

import re
from collections.abc import Mapping

_IMPORT = re.compile(r"^import (?:\{ ([\w$]+(?:, [\w$]+)*) \} from )?'\./([\w.-]+)';$", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|const) ([\w$]+)", re.MULTILINE)
_COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)
_REMARK = re.compile(r"(?<=[;{},)\]]) +// [^'\"`\n]*$", re.MULTILINE)
"""A comment behind code. A text that holds the like has its closing quotation mark after it, and stays."""
_SHEET_COMMENT = re.compile(r"^ */\*.*?\*/\n", re.MULTILINE | re.DOTALL)
_INDENTATION = re.compile(r"^ +", re.MULTILINE)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


class CannotBundle(ValueError):
    """A module has a form that is not understood, or imports go in a circle."""


def bundle(modules: Mapping[str, str], entry: str) -> str:
    """Return one script that does what `entry` and the modules that it imports do, in the same order."""
    parts = [_wrapped(name, modules[name]) for name in _in_order(modules, entry)]
    return "(async () => {\n'use strict';\nconst modules = {};\n" + "".join(parts) + "})();\n"


def shorten(name: str, script: str) -> str:
    """Return a script without indentation and comments: that spares a visit 2 KB of 100.

    Raises `CannotBundle` where a text goes over several lines, whose indentation would be part of it.
    """
    script = _REMARK.sub("", _COMMENT.sub("", script))
    for line in script.splitlines():
        if line.count("`") % 2:
            raise CannotBundle(f"{name}: expected each text on one line, found {line[:80]}")
    return _INDENTATION.sub("", script)


def shorten_sheet(sheet: str) -> str:
    """Return a style sheet without comments and indentation."""
    return _INDENTATION.sub("", _SHEET_COMMENT.sub("", sheet))


def _in_order(modules: Mapping[str, str], entry: str) -> list[str]:
    order: list[str] = []

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise CannotBundle(f"{name} imports itself, by way of {', '.join(above)}")
        if name not in modules:
            raise CannotBundle(f"{above[-1]} imports {name}, which is not there")
        if name in order:
            return
        for found in _IMPORT.finditer(modules[name]):
            visit(found[2], (*above, name))
        order.append(name)

    visit(entry, ())
    return order


def _wrapped(name: str, text: str) -> str:
    exported = [found[2] for found in _EXPORT.finditer(text)]
    text = _IMPORT.sub(lambda found: f"const {{ {found[1]} }} = modules['{found[2]}'];" if found[1] else "", text)
    text = shorten(name, _EXPORT.sub(r"\1 \2", text))
    if left := _LEFT.search(text):
        raise CannotBundle(f"{name}: expected an import or export of a known form, found {left[0][:80]}")
    return f"modules['{name}'] = await (async () => {{\n{text}return {{ {', '.join(exported)} }};\n}})();\n"
