"""The command `fps-emulator conform`, which the emulator finds by its entry point: it may not import this package.

What a command needs is imported when it runs: the others need not wait for it.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator.errors import EmulatorError
from emulator.options import client_tls_options
from hosting.options import Seconds
from hosting.tls.tls import ClientTls
from sees_testing.conform.options import (
    header,
    hexadecimal,
    property_,
    report_option,
    seconds_range,
)

if TYPE_CHECKING:
    from sees_testing.conform.model import Check, Result


@click.command()
@click.option(
    "--sees",
    required=True,
    envvar="FPS_EMULATOR_SEES",
    show_envvar=True,
    help="URL of the SEES; without a path, the published /sees/SEESServlet is added.",
)
@click.option(
    "--expressplay",
    envvar="FPS_EMULATOR_EXPRESSPLAY",
    show_envvar=True,
    help="Base URL of the expressplay-mock that the SEES has been pointed at; without it much is skipped.",
)
@client_tls_options
@click.option(
    "--content",
    required=True,
    envvar="FPS_EMULATOR_CONTENT",
    show_envvar=True,
    help="A content id of the SEES that takes device binding.",
)
@click.option(
    "--dummy",
    required=True,
    envvar="FPS_EMULATOR_DUMMY",
    show_envvar=True,
    help="The content id of its dummy, for registration.",
)
@click.option(
    "--content-key",
    callback=hexadecimal,
    envvar="FPS_EMULATOR_CONTENT_KEY",
    show_envvar=True,
    metavar="HEX",
    help="The key that the content was packaged with: compared with the license's, sent to nobody.",
)
@click.option("--content-iv", callback=hexadecimal, metavar="HEX", help="The IV that it was packaged with.")
@click.option("--title", metavar="URL", help="Its playlist, to play instead (needs the extra video).")
@click.option(
    "--authenticator",
    envvar="SEES_AUTHENTICATOR",
    show_envvar=True,
    help="Customer authenticator that the SEES uses: looked for in its answers, sent to nobody.",
)
@click.option(
    "--token-lifetime",
    callback=seconds_range,
    metavar="MIN-MAX",
    help="Seconds that the SEES's tokens are good for.  [default: 30-86400]",
)
@click.option(
    "--header", "headers", multiple=True, callback=header, metavar="NAME:VALUE", help="Send this header; may repeat."
)
@click.option(
    "--property",
    "properties",
    multiple=True,
    callback=property_,
    metavar="NAME=VALUE",
    help="Put this property into every request (VALUE as JSON, else as text); may repeat.",
)
@click.option("--only", type=int, multiple=True, metavar="N", help="Run this check only; may be repeated.")
@click.option("--quick", is_flag=True, help="Leave out the checks that wait for real seconds.")
@click.option("--strict", is_flag=True, help="Count a check that was skipped as failed.")
@click.option("--timeout", type=Seconds(0.1, 600), default=15.0, show_default=True, help="Seconds an answer may take.")
@report_option("json", "Write results and exchanges (JSON) to FILE.")
@report_option("junit", "Write the results (JUnit XML) to FILE.")
def conform(
    sees: str,
    client_tls: ClientTls,
    content_key: bytes | None,
    content_iv: bytes | None,
    title: str | None,
    token_lifetime: tuple[float, float] | None,
    only: tuple[int, ...],
    json_file: Path | None,
    junit_file: Path | None,
    **options: Any,
) -> None:
    """Check anybody's SEES against its public API and the sequence.

    Registers devices of its own under new cookies, sets faults and moves the mock's clock: give it a mock of its own.
    Exit status 0 only if every check passed or was skipped. Ctrl-C shows the verdicts so far and writes no file.
    """
    from sees_testing.conform import report, runner
    from sees_testing.conform.model import CHECKS, Verdict, in_order
    from sees_testing.conform.probe import LIFETIMES, Known
    from walkthrough.terminal.terminal import make_console, progress

    if unknown := sorted(set(only) - set(CHECKS)):
        raise click.BadParameter(
            f"no check {unknown[0]}; there are {min(CHECKS)} to {max(CHECKS)}", param_hint="--only"
        )
    planned = in_order(set(only) or CHECKS)
    left_out = [check for check in planned if options["quick"] and check.slow]
    console = make_console()
    so_far: list[Result] = []

    def write_files(results: "list[Result]", error: str = "") -> None:
        if json_file:
            json_file.write_text(json.dumps(report.as_json(results, error), indent=2) + "\n", encoding="utf-8")
        if junit_file:
            junit_file.write_bytes(report.as_junit(results, error))

    try:
        with progress("checking") as say:

            def keep(result: "Result") -> None:
                so_far.append(result)
                say(f"checked {result.check.number}, {result.check.title}")

            results = runner.conform(
                sees=sees,
                known=Known(content_key, content_iv, title, token_lifetime or LIFETIMES),
                only=only,
                on_result=keep,
                tls=client_tls,
                **options,
            )
    except KeyboardInterrupt:
        report.print_stopped(console, so_far, len(planned) - len(left_out))
        raise
    except EmulatorError as error:
        write_files([], str(error))
        raise
    report.print_table(console, results, _not_run(left_out))
    write_files(results)
    if any(result.verdict is Verdict.FAILED for result in results):
        raise click.exceptions.Exit(1)


def _not_run(checks: "list[Check]") -> str:
    numbers = ", ".join(str(check.number) for check in checks)
    return f"; {len(checks)} not run (--quick): {numbers}" if checks else ""
