"""The command `sees-server add-title`.

What a command needs is imported when it runs: the others need not wait for it.
"""

import signal
import sys
from pathlib import Path
from typing import Any

import click

from server.catalog import MAX_DURATION, CatalogError

PARTS = 1000
"""Steps of the bar."""
_seconds = click.IntRange(1, MAX_DURATION)


@click.command()
@click.argument("film", type=click.Path(path_type=Path))
@click.option(
    "--catalog",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The catalog (TOML) to add it to; a new one is made, with a dummy title to register with.",
)
@click.option("--title", help="Its name; the film's file name otherwise. The title's id is made of it.")
@click.option("--content-id", help="2 to 200 bytes; a new GUID otherwise.")
@click.option("--rental", type=_seconds, help="Seconds that the license plays.")
@click.option("--lease", type=_seconds, help="Seconds after which the license must be renewed.")
@click.option("--persistent", is_flag=True, help="Let the device keep the key.")
@click.option("--storage", type=_seconds, help="Dual expiry: seconds in which a kept key must begin to play …")
@click.option("--playback", type=_seconds, help="… and for which it plays once begun.")
@click.option("--single-file", is_flag=True, help="One file for each track, its segments as byte ranges.")
@click.option("--ts", is_flag=True, help="MPEG-TS and packed audio in place of fragmented MP4.")
@click.option("--keys", type=click.Choice(["one", "per-track"]), default="one", show_default=True)
def add_title(
    film: Path,
    catalog: Path,
    title: str | None,
    content_id: str | None,
    persistent: bool,
    single_file: bool,
    ts: bool,
    keys: str,
    **durations: Any,
) -> None:
    """Package FILM (whatever ffmpeg reads) and add it to a catalog.

    It needs the extra `package`. Each language of the film becomes an audio track; subtitles are left out.
    """
    from server.add_title import Wish
    from server.add_title import add_title as add
    from server.packaging import FileLayout, PackagingError

    if single_file and ts:
        raise click.UsageError("--single-file and --ts exclude each other.")
    terms = {f"{name}_duration": value for name, value in durations.items() if value is not None}
    layout = FileLayout.SINGLE_FILE if single_file else FileLayout.TS if ts else FileLayout.SEGMENTS
    wish = Wish(
        film, catalog, title or film.stem, content_id, keys == "per-track", layout, terms | {"persistent": persistent}
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # it tidies up as after Ctrl-C
    doing = ""
    with click.progressbar(length=PARTS, label="add-title", file=sys.stderr, show_eta=False) as bar:

        def progress(what: str, part: float) -> None:
            nonlocal doing
            if what != doing:
                doing, bar.pos, bar.finished = what, 0, False
                bar.label = f"add-title: {what}"
                bar.render_progress()
            bar.update(max(0, int(PARTS * min(1.0, part)) - bar.pos))

        try:
            size = add(wish, progress)
        except (PackagingError, CatalogError) as error:
            raise click.ClickException(str(error)) from None
        except KeyboardInterrupt:
            bar.label = "add-title: stopped, nothing was added"
            bar.render_progress()
            raise
    click.echo(f"Added {wish.name!r} as {wish.id} to {catalog}, {size / 1_000_000:.1f} MB. To play it:")
    click.echo(f"  sees-server serve --expressplay URL --catalog '{catalog}'")
    click.echo(f"  fps-emulator bind --sees URL --expressplay URL --cookie NAME --title {wish.id}")
