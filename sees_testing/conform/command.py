"""The command `fps-emulator conform`, which the emulator finds by its entry point: it may not import this package."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from emulator.options import client_tls_options
from hosting.tls.tls import ClientTls

if TYPE_CHECKING:
    from sees_testing.conform.model import Result

_file = click.Path(dir_okay=False, path_type=Path)


def _writable(_context: click.Context, _parameter: click.Parameter, path: Path | None) -> Path | None:
    """Refuse, before the run and not after it, a file that cannot be written."""
    if path and not path.parent.is_dir():
        raise click.BadParameter(f"expected a file in a directory that is there, found no directory {path.parent}")
    if path and not os.access(path if path.exists() else path.parent, os.W_OK):
        raise click.BadParameter(f"expected a file that can be written, found {path}, which cannot")
    return path


@click.command()
@click.option("--sees", required=True, envvar="FPS_EMULATOR_SEES", show_envvar=True, help="Base URL of the SEES.")
@click.option(
    "--expressplay",
    envvar="FPS_EMULATOR_EXPRESSPLAY",
    show_envvar=True,
    help="Base URL of the expressplay-mock that the SEES has been pointed at; without it much is skipped.",
)
@client_tls_options
@click.option("--content", required=True, help="A content id of the SEES that takes device binding.")
@click.option("--dummy", required=True, help="The content id of its dummy, for registration.")
@click.option(
    "--authenticator",
    envvar="SEES_AUTHENTICATOR",
    show_envvar=True,
    help="Customer authenticator that the SEES uses: looked for in its answers, sent to nobody.",
)
@click.option("--only", type=int, multiple=True, metavar="N", help="Run this check only; may be repeated.")
@click.option(
    "--timeout", type=click.FloatRange(0.1, 600), default=15.0, show_default=True, help="Seconds an answer may take."
)
@click.option(
    "--json",
    "json_file",
    type=_file,
    callback=_writable,
    metavar="FILE",
    help="Write results and exchanges (JSON) to FILE.",
)
@click.option(
    "--junit",
    "junit_file",
    type=_file,
    callback=_writable,
    metavar="FILE",
    help="Write the results (JUnit XML) to FILE.",
)
def conform(
    sees: str,
    expressplay: str | None,
    client_tls: ClientTls,
    content: str,
    dummy: str,
    authenticator: str | None,
    only: tuple[int, ...],
    timeout: float,
    json_file: Path | None,
    junit_file: Path | None,
) -> None:
    """Check anybody's SEES against its public API and the sequence.

    Registers devices of its own under new cookies. Exit status 0 only if every check passed or was skipped. Ctrl-C
    shows the verdicts so far and writes no file.
    """
    import json

    from sees_testing.conform import report, runner
    from sees_testing.conform.model import CHECKS, Verdict
    from walkthrough.terminal.terminal import make_console, progress

    if unknown := sorted(set(only) - set(CHECKS)):
        raise click.BadParameter(
            f"no check {unknown[0]}; there are {min(CHECKS)} to {max(CHECKS)}", param_hint="--only"
        )
    console = make_console()
    so_far: list[Result] = []
    try:
        with progress("checking") as say:

            def keep(result: "Result") -> None:
                so_far.append(result)
                say(f"checked {result.check.number}, {result.check.title}")

            results = runner.conform(
                sees=sees,
                expressplay=expressplay,
                content=content,
                dummy=dummy,
                authenticator=authenticator,
                timeout=timeout,
                only=only,
                on_result=keep,
                tls=client_tls,
            )
    except KeyboardInterrupt:
        report.print_stopped(console, so_far, len(set(only) or CHECKS))
        raise
    report.print_table(console, results)
    if json_file:
        json_file.write_text(json.dumps(report.as_json(results), indent=2) + "\n", encoding="utf-8")
    if junit_file:
        junit_file.write_bytes(report.as_junit(results))
    if any(result.verdict is Verdict.FAILED for result in results):
        raise click.exceptions.Exit(1)
