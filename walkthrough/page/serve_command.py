"""The command `fps-emulator serve`: the walkthrough page on this machine's loopback interface."""

from pathlib import Path
from typing import Any

import click

from emulator.options import client_tls_options
from hosting.options import allowed_host_option, tls_dir_option, tls_option
from hosting.tls.tls import ClientTls


@click.command()
@click.option("--sees", required=True, envvar="FPS_EMULATOR_SEES", show_envvar=True, help="Base URL of SEES.")
@click.option(
    "--expressplay",
    required=True,
    envvar="FPS_EMULATOR_EXPRESSPLAY",
    show_envvar=True,
    help="Base URL of ExpressPlay: it provisions devices, and has a journal and a clock.",
)
@client_tls_options
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on. The page shows keys of its virtual devices: leave it on loopback.",
)
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@allowed_host_option
@tls_option
@tls_dir_option
@click.option("--open", "opens", is_flag=True, help="Open the page in the default browser.")
@click.option("--until-stdin-closes", is_flag=True, help="End when standard input ends.")
def serve(
    sees: str,
    expressplay: str,
    client_tls: ClientTls,
    allowed_hosts: frozenset[str],
    tls: bool,
    tls_dir: Path,
    opens: bool,
    **serving: Any,
) -> None:
    """Serve the walkthrough page until Ctrl-C. See the binding happen, byte by byte, and try to break it.

    When it answers, it prints one JSON line on standard output: {"service": "fps-emulator", "url": "…"}.
    """
    from hosting.serving import serve as serve_app
    from walkthrough.page.app import SERVICE, create_app
    from walkthrough.record.deployment import find_deployment

    deployment = find_deployment(sees, expressplay, tls=client_tls)
    address = ""

    def build(url: str) -> Any:
        nonlocal address
        address = url
        return create_app(deployment, url, allowed_hosts)

    def announce() -> dict[str, str]:
        if opens:
            click.launch(address)
        return {}

    tls_directory = tls_dir if tls else None
    serve_app(build, service=SERVICE, announce=announce, tls_directory=tls_directory, **serving)
