"""docs/codes.md: every code of the mock, rendered from its table in the code and the registry of provocations."""

from _markdown import table
from provocations import PROVOCATIONS

from expressplay_mock.errors import Code

FIRST_OWN = -9000
"""Numbers below are this project's own; so is the one of `OWN` above it."""
OWN = (Code.TOKEN_EXPIRED,)
TEST = "tests/contract/test_all_codes.py"

_HEAD = """# Every code, and how to see it

Made by `scripts/codes` from `simulation/error_numbers.py` and `tests/support/provocations.py`; do not edit. There are
{count} codes: {documented} that ExpressPlay documents, and {ours} of this project's own (*ours*). Each row is acted out
over HTTP against running mocks by the test that it names, in `{test}`:
`.venv/bin/pytest '{test}::test_code[-2002]'` and so on. The files of accounts and stored
keys are described in [mock.md](mock.md), faults in [stage.md](stage.md).

"""
_COLUMNS = ("code", "title", "HTTP", "how to provoke it", "test", "what it means", "likely fix")


def is_ours(code: Code) -> bool:
    """Tell whether ExpressPlay's pages do not have this number."""
    return code in OWN or code.number < FIRST_OWN


def render() -> str:
    """Return the page. Raises `KeyError` where a code has no provocation."""
    provocations = {provocation.code: provocation for provocation in PROVOCATIONS}
    ours = sum(map(is_ours, Code))
    head = _HEAD.format(count=len(Code), documented=len(Code) - ours, ours=ours, test=TEST)
    return head + table(_COLUMNS, [_row(code, provocations[code].how) for code in Code]) + "\n"


def _row(code: Code, how: str) -> tuple[str, ...]:
    number = f"{code.number} *ours*" if is_ours(code) else f"{code.number}"
    return number, code.title, str(code.status), how, f"`test_code[{code.number}]`", code.meaning, code.fix
