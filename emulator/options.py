"""The options that commands of `fps-emulator` share: where the services are, who plays, what to tell and to keep.

What a command needs is imported when it runs: the others need not wait for it.
"""

import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from hosting.options import Command, Seconds, together
from hosting.tls.tls import ClientTls, client_files, default_directory

file_path = click.Path(dir_okay=False, path_type=Path)


def device_settings(
    spc_version: str, offline_key: str, hdcp: str, *, randomised: bool, id_seed: bytes | None
) -> dict[str, Any]:
    """Return what the device options say, as a Device takes it."""
    from fairplay.layout import Capability, HdcpLevel

    output = {"none": HdcpLevel.NONE, "0": HdcpLevel.TYPE_0, "1": HdcpLevel.TYPE_1}[hdcp]
    offline = {"none": Capability(0), "1": Capability.OFFLINE_KEY, "2": Capability.OFFLINE_KEY_V2}[offline_key]
    if id_seed is not None and not randomised:
        raise click.UsageError("--device-id-seed is of no use without --randomise-device-id.")
    return {
        "spc_version": int(spc_version),
        "output": output,
        "capabilities": offline | (Capability.HDCP_TYPE_1 if output is HdcpLevel.TYPE_1 else Capability(0)),
        "randomised": randomised,
        "id_seed": id_seed,
    }


def sees_option(*, required: bool = True) -> Callable[[Command], Command]:
    """Return the option that says where SEES is."""
    text = "Base URL of SEES." if required else "Base URL of SEES; not needed in direct mode."
    return click.option("--sees", envvar="FPS_EMULATOR_SEES", show_envvar=True, help=text, **_needed(required))


def expressplay_option(*, required: bool = True) -> Callable[[Command], Command]:
    """Return the option that says where ExpressPlay is."""
    text = "Base URL of ExpressPlay: it provisions devices, and has a journal and a clock."
    return click.option(
        "--expressplay",
        envvar="FPS_EMULATOR_EXPRESSPLAY",
        show_envvar=True,
        help=text if required else text[:-1] + "; not needed with --offline.",
        **_needed(required),
    )


def _needed(required: bool) -> dict[str, Any]:
    # Never both: to click 8.3 and later a default of None is a value, and a required option with it is never missing.
    return {"required": True} if required else {"default": ""}


_existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)


def client_tls_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of https; the command gets them as `client_tls`, a ClientTls."""

    @click.option(
        "--ca",
        type=_existing_file,
        envvar="FPS_EMULATOR_CA",
        show_envvar=True,
        help="Authorities (PEM) to trust for https, beside the public ones. "
        "[default: as --client-certificate, the one that services with --tls make where no --tls-dir is given]",
    )
    @click.option(
        "--client-certificate",
        type=_existing_file,
        envvar="FPS_EMULATOR_CLIENT_CERTIFICATE",
        show_envvar=True,
        help="Certificate (PEM) to show to a server that asks for one, as SEES does.",
    )
    @click.option(
        "--client-key",
        type=_existing_file,
        envvar="FPS_EMULATOR_CLIENT_KEY",
        show_envvar=True,
        help="Its private key (PEM), where that is in a file of its own.",
    )
    @wraps(command)
    def with_client_tls(
        *arguments: Any, ca: Path | None, client_certificate: Path | None, client_key: Path | None, **options: Any
    ) -> Any:
        if client_key and not client_certificate:
            raise click.UsageError("--client-key is of no use without its --client-certificate.")
        given = ClientTls(ca, client_certificate, client_key)
        if given == ClientTls():
            given = client_files(default_directory())
        return command(*arguments, client_tls=given, **options)

    return with_client_tls


services = together(sees_option(), expressplay_option(), client_tls_options)
SECONDS = Seconds(0, 10**9)


def _rule(_: click.Context, __: click.Parameter, text: str | None) -> Any:
    from emulator.key_uri import DEFAULT_RULE, parse_rule

    try:
        return parse_rule(text) if text is not None else DEFAULT_RULE
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _content_id(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    from emulator.key_uri import check_content_id

    try:
        return text and check_content_id(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _token_url(_: click.Context, __: click.Parameter, url: str | None) -> str | None:
    from emulator.urls import is_http_url

    if url is not None and not is_http_url(url):
        raise click.BadParameter("expected an address at http:// or https://")
    return url


def _headers(_: click.Context, __: click.Parameter, lines: tuple[str, ...]) -> dict[str, str]:
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not _HEADER_VALUE.fullmatch(value):
            raise click.BadParameter("expected NAME:VALUE, in ASCII")
        headers[name] = value.strip()
    return headers


def _variant(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    from emulator.title import ALL_VARIANTS

    if text == "all":
        return ALL_VARIANTS
    if text is not None and not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise click.BadParameter(f"expected a number from 1, or all, found {text[:40]!r}")
    return None if text is None else int(text)


def _id_seed(_: click.Context, __: click.Parameter, text: str | None) -> bytes | None:
    if text is not None and not re.fullmatch(r"[0-9A-Fa-f]{32}", text):
        raise click.BadParameter("expected 32 hex digits")
    return None if text is None else bytes.fromhex(text)


_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
title_options = together(
    click.option(
        "--content-id-from",
        "rule",
        callback=_rule,
        metavar="PART",
        help="Which part of a key URI is the content id: host, path, query:NAME or all. "
        "[default: all behind skd: and its slashes, or ?cid= where there is one]",
    ),
    click.option(
        "--trust-playlist-host",
        is_flag=True,
        help="Let the entitlement server that a key URI names (skd://HOST?cid=...) have the cookie.",
    ),
    click.option(
        "--header",
        "headers",
        multiple=True,
        callback=_headers,
        metavar="NAME:VALUE",
        help="Header for the web server of URL, and for no other; may be repeated.",
    ),
)
content_option = click.option(
    "--content",
    envvar="FPS_EMULATOR_CONTENT",
    show_envvar=True,
    metavar="ID",
    help="Content id to get a license for, at a SEES that offers no titles: nothing is played.",
)
dummy_option = click.option(
    "--dummy",
    envvar="FPS_EMULATOR_DUMMY",
    show_envvar=True,
    metavar="ID",
    help="Content id of its dummy, to register with.",
)
cookie_option = click.option(
    "--cookie",
    default="viewer-1",
    show_default=True,
    envvar="FPS_EMULATOR_COOKIE",
    help="Customer cookie, at most 32 characters; the same one to register and to play.",
)
clock_option = click.option(
    "--clock",
    type=SECONDS,
    default=0,
    metavar="SECONDS",
    help="How far the device's clock is ahead of the system's.",
)
device_options = together(
    click.option(
        "--seed",
        "--device",
        "seed",
        default="device A",
        show_default=True,
        envvar="FPS_EMULATOR_SEED",
        help="Any text; the same seed is the same device, with the same device_id.",
    ),
    click.option(
        "--spc-version",
        type=click.Choice(["1", "2"]),
        default="2",
        show_default=True,
        help="Version of the device's SPCs: 2 (RSA-2048), or 1 (RSA-1024) as an old device makes them.",
    ),
    click.option(
        "--randomise-device-id",
        "randomised",
        is_flag=True,
        help="Say another device_id in every SPC, as an app can have it since iOS 26; binding then fails.",
    ),
    click.option(
        "--device-id-seed",
        "id_seed",
        callback=_id_seed,
        metavar="HEX",
        help="16 bytes of the app's own for --randomise-device-id: the device_id is then another, but stays.",
    ),
    click.option(
        "--offline-key",
        type=click.Choice(["none", "1", "2"]),
        default="none",
        show_default=True,
        help="Version of FairPlay's offline key (dual expiry) that the device says it understands.",
    ),
    click.option(
        "--hdcp",
        type=click.Choice(["none", "0", "1"]),
        default="1",
        show_default=True,
        help="HDCP type of the device's output; a license that asks for more is refused.",
    ),
)
run_options = together(
    cookie_option,
    click.option(
        "--spc-shape",
        type=click.Choice(["raw", "form", "json"]),
        default="raw",
        show_default=True,
        help="How the SPC is posted: raw octets, the form field spc=, or JSON.",
    ),
    clock_option,
    device_options,
    click.option("--recording", type=file_path, metavar="FILE", help="Write the recording of the run (JSON) to FILE."),
    click.option("--teach", is_flag=True, help="Put the keys of the device's messages into the recording."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text."),
)
play_options = together(
    click.option(
        "--content-id",
        callback=_content_id,
        metavar="TEXT",
        help="Content id of a title with one key, whatever its URI.",
    ),
    click.option(
        "--token-url",
        callback=_token_url,
        metavar="URL",
        help="License URL of a title with one key; SEES is not asked.",
    ),
    click.option(
        "--variant",
        callback=_variant,
        metavar="N|all",
        help="Variant of the master playlist to play, from 1, or all. [default: the first with video]",
    ),
    click.option(
        "--seconds",
        type=Seconds(0, 10**9, min_open=True),
        metavar="N",
        help="How much of the title to play; of a live one, for how long. [default: to its end]",
    ),
    click.option("--title", help="Title to play; by default the first that is no dummy."),
    click.option("--still", type=file_path, metavar="FILE", help="Write a still picture (PNG) of what played to FILE."),
    click.option(
        "--for",
        "watch_for",
        type=SECONDS,
        default=0,
        metavar="SECONDS",
        help="Play on for so long by the device's clock, which runs at once; leases are renewed.",
    ),
    click.option("--no-renewal", is_flag=True, help="With --for: do not renew leases; playback stops at their end."),
    click.option(
        "--state",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="DIR",
        help="The device's state: keep the title there, if its key is persistent.",
    ),
)
