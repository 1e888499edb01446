"""The command-line options of TLS: of a service that serves it, and of whoever asks that service."""

from pathlib import Path

import click

from hosting.tls.tls import default_directory

tls_option = click.option(
    "--tls", is_flag=True, help="Serve https, with a certificate of a throw-away authority that is made for it."
)
tls_dir_option = click.option(
    "--tls-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=default_directory,
    show_default="fairplay-device-binding/tls in $XDG_STATE_HOME or ~/.local/state",
    help="Directory of that authority and all certificates; made when it is not there. One for all services.",
)
