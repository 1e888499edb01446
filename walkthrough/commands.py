"""The commands of `fps-emulator` that draw or record, which it finds by their entry points. Thin, as its own.

What a command needs is imported when it runs: the others need not wait for it.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from emulator.options import (
    client_tls_options,
    content_option,
    device_settings,
    dummy_option,
    expressplay_option,
    file_path,
    play_options,
    run_options,
    sees_option,
    services,
    title_options,
)
from hosting.tls.tls import ClientTls

if TYPE_CHECKING:
    from walkthrough.record.recorded import Recording


@click.command()
@click.argument("url", required=False)
@services
@dummy_option
@title_options
@run_options
def register(url: str | None, dummy: str | None, **options: Any) -> None:
    """Register the device: steps 0 to 5.

    Plays the dummy title, so that cookie and device_id meet in the log. URL is the playlist of a dummy of your own,
    for a SEES that offers no titles; without it the dummy of SEES is played.
    """
    _check_playlist(url)
    _run(**options, title=url, dummy=None if url else dummy, registers=True, plays=False)


def _check_playlist(url: str | None) -> None:
    from emulator.urls import is_http_url

    if url and not is_http_url(url):
        raise click.UsageError(f"URL: expected a playlist at http:// or https://, found {url[:200]!r}.")


@click.command()
@click.argument("url", required=False)
@sees_option(required=False)
@expressplay_option(required=False)
@client_tls_options
@content_option
@title_options
@run_options
@play_options
@click.option("--offline", is_flag=True, help="Play what --state keeps, asking no server.")
def play(url: str | None, title: str | None, content: str | None, offline: bool, **options: Any) -> None:
    """Play a title on the registered device: steps 6 to 13. Checks every frame.

    URL is the playlist of a title of your own (HLS, encrypted under keys of this simulation); without it a title of
    SEES is played.
    """
    if offline:
        _play_offline(url, title, **options)
        return
    if url and title:
        raise click.UsageError("Name a URL or a --title, not both.")
    _check_playlist(url)
    if not url and not options["sees"]:
        raise click.UsageError("Missing option '--sees': without a URL it is SEES that offers the titles.")
    if not options["expressplay"]:
        raise click.UsageError("Missing option '--expressplay': it provisions the device (--offline needs none).")
    _run(**options, title=url or title, content=None if url or title else content, registers=False, plays=True)


def _play_offline(
    url: str | None,
    title: str | None,
    *,
    state: Path | None,
    seed: str,
    clock: float,
    still: Path | None,
    as_json: bool,
    **_: Any,
) -> None:
    from emulator.kept_titles import begin, load, play_kept
    from simulation.clock import Clock
    from walkthrough.terminal.report import report_offline

    if url or state is None:
        raise click.UsageError("--offline plays a title that --state DIR keeps; name that directory, and no URL.")
    now = Clock()
    now.advance(clock)
    kept = begin(load(state, seed, title, now.now()), seed, now.now())
    report_offline(kept, play_kept(kept, still=still is not None), as_json=as_json, still=still)


@click.command()
@services
@content_option
@dummy_option
@title_options
@run_options
@play_options
@click.option("--play-on", metavar="SEED", help="Play on another device than the one that registers: it is refused.")
def bind(content: str | None, dummy: str | None, **options: Any) -> None:
    """Register the device, then play on it: all thirteen steps.

    With --content and --dummy it asks for their licenses and plays nothing, so that SEES need not offer titles.
    """
    if bool(content) != bool(dummy) and not options["title"]:
        raise click.UsageError("--content and --dummy go together: what to get a license for, and what registers.")
    if options["title"]:
        content = dummy = None
    _run(**options, content=content, dummy=dummy, registers=True, plays=True)


def _run(
    *,
    sees: str,
    expressplay: str,
    client_tls: ClientTls,
    cookie: str,
    seed: str,
    spc_version: str,
    offline_key: str,
    hdcp: str,
    randomised: bool,
    id_seed: bytes | None,
    spc_shape: str,
    recording: Path | None,
    teach: bool,
    as_json: bool,
    registers: bool,
    plays: bool,
    title: str | None = None,
    still: Path | None = None,
    play_on: str | None = None,
    clock: float = 0,
    watch_for: float = 0,
    no_renewal: bool = False,
    state: Path | None = None,
    rule: Any = None,
    trust_playlist_host: bool = False,
    headers: dict[str, str] | None = None,
    content_id: str | None = None,
    token_url: str | None = None,
    variant: int | None = None,
    seconds: float | None = None,
    content: str | None = None,
    dummy: str | None = None,
) -> None:
    from emulator.license_client import SpcShape
    from emulator.title import Reading
    from walkthrough.record.deployment import find_deployment
    from walkthrough.record.run import run_binding, titles_of
    from walkthrough.terminal.report import report_run
    from walkthrough.terminal.terminal import progress, progress_bar

    deployment = find_deployment(sees, expressplay, title, client_tls)
    device: dict[str, Any] = {
        "device": device_settings(spc_version, offline_key, hdcp, randomised=randomised, id_seed=id_seed),
        "shape": SpcShape(spc_shape),
        "reading": Reading(rule, content_id, token_url, variant, trust_playlist_host),
        "headers": headers,
    }
    client = deployment.client("run", seed, **device)
    player = deployment.client("run", play_on, **device) if play_on else None
    for one in (client, player):
        if one:
            one.device.clock.advance(clock)
    with progress("playing" if plays else "registering") as update:
        run = run_binding(
            deployment,
            client,
            cookie,
            registers=registers,
            plays=plays,
            player=player,
            titles=titles_of([dummy] if dummy else [], [content] if content else []),
            watch_for=watch_for,
            renews=not no_renewal,
            state=state,
            seconds=seconds,
            tell=lambda done, length: update(progress_bar("playing", done, length)),
            teach=teach,
        )
    report_run(run, as_json=as_json, still=still, recording=recording)


@click.command()
@services
@click.option("--json", "recording", type=file_path, metavar="FILE", help="Write the recording (JSON) to FILE.")
@click.option("--teach", is_flag=True, help="Put the keys of the device's messages into the recording.")
@click.option(
    "--still",
    type=file_path,
    default=Path("binding-still.png"),
    show_default=True,
    help="Where to write a still (PNG).",
)
def demo(sees: str, expressplay: str, client_tls: ClientTls, recording: Path | None, teach: bool, still: Path) -> None:
    """Run the binding, then all scenarios. Exit status 0 only if all came out as expected."""
    from walkthrough.demo import run_demo

    if not run_demo(sees, expressplay, recording=recording, still=still, teach=teach, tls=client_tls):
        raise click.ClickException("not every scenario came out as expected; see the table above")


@click.command()
@click.argument("file", type=click.File("rb"))
@sees_option()
@click.option(
    "--expressplay",
    envvar="FPS_EMULATOR_EXPRESSPLAY",
    show_envvar=True,
    help="Base URL of ExpressPlay; by default the one that SEES's token URLs lead to.",
)
@client_tls_options
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object instead of text.")
def replay(file: Any, sees: str, expressplay: str | None, client_tls: ClientTls, as_json: bool) -> None:
    """Run the recording FILE anew against a SEES. Names the first step that goes another way (- for stdin)."""
    from walkthrough import replay as replaying
    from walkthrough.terminal.report import report_replay
    from walkthrough.terminal.terminal import progress

    recording = _recording(file)
    with progress("replaying"):
        comparison = replaying.replay(recording, sees, expressplay, client_tls)
    report_replay(comparison, as_json=as_json)
    replaying.check(comparison)


@click.command()
@click.argument("file", type=click.File("rb"))
def show(file: Any) -> None:
    """Draw the recording FILE: steps, scenarios, rows of the log. (- for stdin.)"""
    from walkthrough.terminal.report import print_recording

    print_recording(_recording(file))


def _read(file: Any, expected: str) -> bytes:
    from walkthrough.record.inspection import MAX_FILE

    data: bytes = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise click.ClickException(f"{file.name}: expected {expected}, found over 16 MB")
    return data


def _recording(file: Any) -> "Recording":
    from walkthrough.record.recording_file import read_recording

    return read_recording(_read(file, "a recording"))


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array, each field with its bytes.")
def inspect(file: Any, as_json: bool) -> None:
    """Explain FILE byte by byte: an SPC, a CKC or a recording.

    Messages may be raw, in Base64, <ckc> text or JSON (- for stdin).
    """
    from walkthrough.record import inspection
    from walkthrough.terminal.terminal import make_console, print_inspection

    try:
        inspections = inspection.inspect_bytes(_read(file, "an SPC, CKC or recording"))
    except inspection.TooLong as error:
        raise click.ClickException(f"{file.name}: {error}") from None
    if as_json:
        click.echo(json.dumps([inspection.as_json(one) for one in inspections], indent=2))
    elif not inspections:
        raise click.ClickException(f"{file.name}: a recording with no SPC or CKC in its steps")
    else:
        console = make_console()
        for one in inspections:
            print_inspection(console, one)
    if all(one.kind == inspection.UNKNOWN for one in inspections):
        click.get_current_context().exit(1)
