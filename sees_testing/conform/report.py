"""The results for people (a table), for programs (JSON), and for CI servers (JUnit XML).

Only the table needs rich, so its functions import it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from sees_testing.conform.model import Result, Verdict

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "bold red", Verdict.SKIPPED: "yellow"}
_NOT_XML = {character: "?" for character in range(32) if chr(character) not in "\t\n\r"}


def summary(results: Sequence[Result]) -> str:
    """Count the verdicts in one line."""
    counts = Counter(result.verdict for result in results)
    return (
        f"{len(results)} checks: {counts[Verdict.PASSED]} passed, {counts[Verdict.FAILED]} failed, "
        f"{counts[Verdict.SKIPPED]} skipped"
    )


def print_table(console: "Console", results: Sequence[Result], not_run: str = "") -> None:
    """Print one line a check, then the failures that no other explains, with what was sent and received.

    `not_run` says what the run left out.
    """
    remarks = ["" if result.verdict is Verdict.PASSED else _remark(result) for result in results]
    _print_verdicts(console, results, remarks)
    for result in results:
        if result.verdict is Verdict.FAILED and result.follows is None:
            _print_failure(console, result)
    console.print()
    console.print(_text(console, summary(results) + not_run, "bold"))


def print_stopped(console: "Console", results: Sequence[Result], planned: int) -> None:
    """Print the verdicts of a run that was stopped. No texts: content keys that they hold may not be known yet."""
    if results:
        _print_verdicts(console, results, [""] * len(results))
        console.print()
    console.print(_text(console, f"stopped after {len(results)} of {planned}: {summary(results)}", "bold"))
    if failed := [result for result in results if result.verdict is Verdict.FAILED]:
        console.print(_text(console, f"--only {failed[0].check.number} shows what was sent and received there"))


def as_json(results: Sequence[Result], error: str = "") -> dict[str, Any]:
    """Return the results as a JSON object; `error` is what ended the run before its first check."""
    counts = Counter(result.verdict.value for result in results)
    return {
        "summary": {verdict.value: counts[verdict.value] for verdict in Verdict},
        "error": error or None,
        "checks": [
            {
                "number": result.check.number,
                "title": result.check.title,
                "sentence": result.check.sentence,
                "origin": result.check.origin.value,
                "needs": list(result.check.needs),
                "verdict": result.verdict.value,
                "text": result.text,
                "follows": result.follows,
                "seconds": round(result.seconds, 3),
                "exchanges": [asdict(exchange) for exchange in result.exchanges],
                "mock": list(result.mock),
            }
            for result in results
        ],
    }


def as_junit(results: Sequence[Result], error: str = "") -> bytes:
    """Return the results as a JUnit XML document; `error` is what ended the run before its first check."""
    counts = Counter(result.verdict for result in results)
    suite = ElementTree.Element(
        "testsuite",
        name="SEES conformance",
        tests=str(len(results) + bool(error)),
        failures=str(counts[Verdict.FAILED]),
        skipped=str(counts[Verdict.SKIPPED]),
        errors=str(int(bool(error))),
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname="conform",
            name=f"{result.check.number} {result.check.title}",
            time=f"{result.seconds:.3f}",
        )
        if result.verdict is Verdict.SKIPPED:
            ElementTree.SubElement(case, "skipped", message=_xml(result.text))
        elif result.verdict is Verdict.FAILED:
            failure = ElementTree.SubElement(case, "failure", message=_xml(_remark(result)))
            failure.text = _xml("\n".join((result.check.sentence, *_lines(result))))
    if error:
        case = ElementTree.SubElement(suite, "testcase", classname="conform", name="0 there is something to check")
        ElementTree.SubElement(case, "error", message=_xml(error))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _print_verdicts(console: "Console", results: Sequence[Result], remarks: Sequence[str]) -> None:
    from rich.table import Table

    table = Table("", "#", "check", "", box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for result, remark in zip(results, remarks, strict=True):
        cells = (str(result.check.number), result.check.title, remark)
        verdict = _text(console, result.verdict.value, _STYLES[result.verdict])
        table.add_row(verdict, *(_text(console, cell) for cell in cells))
    console.print(table)


def _remark(result: Result) -> str:
    return f"follows: {result.follows}" if result.follows is not None else result.text


def _print_failure(console: "Console", result: Result) -> None:
    console.print()
    console.print(_text(console, f"{result.check.number} {result.check.title}", "bold"))
    console.print(_text(console, f"  rule     {result.check.sentence} ({result.check.origin.value})"), soft_wrap=True)
    # Whole lines: a message broken in two can neither be searched for nor copied.
    console.print(_text(console, f"  failure  {result.text}"), soft_wrap=True)
    for line in _lines(result):
        console.print(_text(console, f"  {line}", "dim"), soft_wrap=True)


def _lines(result: Result) -> list[str]:
    """Write down the last exchanges of a check, for the failure is in the last one, and what the mock says of it."""
    lines = []
    for exchange in result.exchanges[-4:]:
        lines += [f"sent to {exchange.party}: {exchange.sent}", f"received: {exchange.received}"]
    return [*lines, *result.mock]


def _text(console: "Console", text: str, style: str = "") -> "Text":
    from rich.text import Text

    return Text(text.encode(console.encoding, "replace").decode(console.encoding), style)


def _xml(text: str) -> str:
    return text.translate(_NOT_XML)
