"""The command `fps-emulator players`: real web players on virtual devices, side by side in the browser."""

from pathlib import Path
from typing import Any

import click

NEEDED = ("hls.js", "shaka-player", "video.js", "videojs-contrib-eme")


@click.command()
@click.option("--sees", required=True, envvar="FPS_EMULATOR_SEES", show_envvar=True, help="Base URL of SEES.")
@click.option(
    "--expressplay",
    required=True,
    envvar="FPS_EMULATOR_EXPRESSPLAY",
    show_envvar=True,
    help="Base URL of ExpressPlay: it provisions devices, and issues the licenses.",
)
@click.option(
    "--modules",
    default="node_modules",
    show_default=True,
    type=click.Path(path_type=Path),
    help=f"Directory with the players, as npm install {' '.join(NEEDED)} makes it.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--open", "opens", is_flag=True, help="Open the gallery in the default browser.")
@click.option("--until-stdin-closes", is_flag=True, help="End when standard input ends.")
def players(sees: str, expressplay: str, modules: Path, opens: bool, **serving: Any) -> None:
    """Serve hls.js, shaka-player and video.js on two devices.

    The browser must decode H.264 and have ClearKey, as Chromium does. When it answers, the command prints one JSON line
    on standard output: {"service": "fps-emulator", "url": "…"}.
    """
    from emulator.transport import EXPRESSPLAY, SEES, Web, clean_base
    from hosting.serving import serve as serve_app
    from walkthrough.players.app import SERVICE, Gallery, create_app

    missing = [name for name in NEEDED if not (modules / name).is_dir()]
    if missing:
        raise click.ClickException(
            f"--modules {modules}: expected {', '.join(NEEDED)} in it, found no {missing[0]}. "
            f"Fix: npm install {' '.join(missing)}"
        )
    bases = clean_base(sees, SEES), clean_base(expressplay, EXPRESSPLAY)
    gallery = Gallery(*bases, modules.resolve(), Web())
    address = ""

    def build(url: str) -> Any:
        nonlocal address
        address = url
        return create_app(gallery, url)

    def announce() -> dict[str, str]:
        if opens:
            click.launch(address)
        return {}

    serve_app(build, service=SERVICE, announce=announce, **serving)
