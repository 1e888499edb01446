"""Serving a page of this package on this machine: what its commands and apps share, and a browser to show it in.

What a command needs is imported when it runs: the others need not wait for it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from hosting.options import together

if TYPE_CHECKING:
    from flask import Blueprint, Response

    from emulator.errors import EmulatorError

SERVICE = "fps-emulator"
"""What a page is called in its ready line."""

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


def health_route() -> "Blueprint":
    """Return `/_sim/health`, by which a page is known to be ready. It has no clock or journal to show."""
    from emulator import __version__
    from simulation.clock import Clock
    from simulation.journal import Journal
    from simulation.routes import sim_routes

    return sim_routes(
        service=SERVICE,
        version=__version__,
        journal=Journal("page", Clock()),
        health=lambda: None,
        clock=None,
        on_reset=None,
        enabled=False,
    )


def failed(error: "EmulatorError") -> "tuple[Response, int]":
    """Return the answer of a page that got none from a service."""
    from flask import jsonify

    return jsonify(error=error.number, errorText=str(error)), 502


def serve_page(create_app: Callable[[str], Any], *, opens: bool, **serving: Any) -> None:
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

    serve(build, service=SERVICE, announce=announce, **serving)
