"""The command `fps-emulator serve`: the walkthrough page on this machine's loopback interface.

What a command needs is imported when it runs: the others need not wait for it.
"""

from pathlib import Path
from typing import Any

import click

from emulator.options import services
from hosting.options import allowed_host_option, tls_dir_option, tls_option
from hosting.tls.tls import ClientTls
from walkthrough.serving import page_options, serve_page


@click.command()
@services
@page_options
@allowed_host_option
@tls_option
@tls_dir_option
def serve(
    sees: str,
    expressplay: str,
    client_tls: ClientTls,
    allowed_hosts: frozenset[str],
    tls: bool,
    tls_dir: Path,
    **serving: Any,
) -> None:
    """Serve the walkthrough page until Ctrl-C. See the binding happen, byte by byte, and try to break it.

    When it answers, it prints one JSON line on standard output: {"service": "fps-emulator", "url": "…"}.
    """
    from walkthrough.page.app import create_app
    from walkthrough.record.deployment import find_deployment

    deployment = find_deployment(sees, expressplay, tls=client_tls)
    serve_page(
        lambda url: create_app(deployment, url, allowed_hosts),
        tls_directory=tls_dir if tls else None,
        **serving,
    )
