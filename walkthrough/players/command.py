"""The command `fps-emulator players`: real web players on virtual devices, side by side in the browser.

What a command needs is imported when it runs: the others need not wait for it.
"""

from pathlib import Path
from typing import Any

import click

from emulator.options import expressplay_option, sees_option
from walkthrough.serving import page_options, serve_page

NEEDED = ("hls.js", "shaka-player", "video.js", "videojs-contrib-eme")


@click.command()
@sees_option()
@expressplay_option()
@click.option(
    "--modules",
    default="node_modules",
    show_default=True,
    type=click.Path(path_type=Path),
    help=f"Directory with the players, as npm install {' '.join(NEEDED)} makes it.",
)
@page_options
def players(sees: str, expressplay: str, modules: Path, **serving: Any) -> None:
    """Serve hls.js, shaka-player and video.js on two devices.

    The browser must decode H.264 and have ClearKey, as Chromium does. When it answers, the command prints one JSON line
    on standard output: {"service": "fps-emulator", "url": "…"}.
    """
    from emulator.parties import EXPRESSPLAY, SEES
    from emulator.transport import Web, clean_base
    from walkthrough.players.app import Gallery, create_app

    missing = [name for name in NEEDED if not (modules / name).is_dir()]
    if missing:
        raise click.ClickException(
            f"--modules {modules}: expected {', '.join(NEEDED)} in it, found no {missing[0]}. "
            f"Fix: npm install {' '.join(missing)}"
        )
    gallery = Gallery(clean_base(sees, SEES), clean_base(expressplay, EXPRESSPLAY), modules.resolve(), Web())
    serve_page(lambda url: create_app(gallery, url), **serving)
