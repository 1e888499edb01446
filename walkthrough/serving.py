"""Serving a page of this package on this machine: options that its commands share, and a browser to show it in."""

from collections.abc import Callable
from typing import Any

import click

from hosting.options import together

page_options = together(
    click.option(
        "--host",
        default="127.0.0.1",
        show_default=True,
        help="Address to listen on. The page shows keys of its virtual devices: leave it on loopback.",
    ),
    click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one."),
    click.option("--open", "opens", is_flag=True, help="Open the page in the default browser."),
    click.option("--until-stdin-closes", is_flag=True, help="End when standard input ends."),
)


def serve_page(create_app: Callable[[str], Any], *, service: str, opens: bool, **serving: Any) -> None:
    """Serve the app that `create_app` makes for an address until Ctrl-C; open it in the browser where it `opens`."""
    from hosting.serving import serve

    address = ""

    def build(url: str) -> Any:
        nonlocal address
        address = url
        return create_app(url)

    def announce() -> dict[str, str]:
        if opens:
            click.launch(address)
        return {}

    serve(build, service=service, announce=announce, **serving)
