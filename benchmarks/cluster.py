"""Two mocks and two SEES on one PostgreSQL, behind nginx, all on loopback: what scaling out looks like.

The mocks share a state directory, so they have the same keys and the same account, and a database, so they have the
same log. Nothing else is shared. Without nginx each SEES asks the mock of its own number.
"""

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.postgres import Postgres
from benchmarks.programs import end, launch
from benchmarks.services import start_sees
from hosting.process import Service, module_command, start

REPLICAS = 2
NO_NGINX = "nginx is not installed; on Debian: apt-get install nginx-light"

_CONFIGURATION = """
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log stderr;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $http_host;
{servers}}}
"""
_SERVER = """
  upstream {name} {{ {replicas} keepalive 32; }}
  server {{ listen 127.0.0.1:{port} backlog=1024; location / {{ proxy_pass http://{name}; }} }}
"""


@dataclass(frozen=True)
class Cluster:
    """The services by number, and the addresses of all of them together where there is a proxy."""

    mocks: list[Service]
    sees: list[Service]
    authenticator: str = field(repr=False)
    expressplay_url: str | None
    sees_url: str | None


def nginx_program() -> str | None:
    """Return the path of nginx, which Debian keeps out of ordinary users' PATH; None where it is not installed."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def running_cluster(state: Path, postgres: Postgres, *, proxy: bool, workers: int = 1) -> Iterator[Cluster]:
    """Start all of it; everything ends with the block. Raises `RuntimeError` where nginx is wanted and not there."""
    nginx = nginx_program() if proxy else None
    if proxy and nginx is None:
        raise RuntimeError(NO_NGINX)
    database = postgres.new_database()
    with ExitStack() as stack:
        doors = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2 if proxy else 0)]
        urls = [f"http://127.0.0.1:{door.getsockname()[1]}" for door in doors]
        expressplay_url, sees_url = urls or (None, None)
        public = [f"--public-url={expressplay_url}"] if expressplay_url else []
        shared = [f"--state={state}", f"--database={database}", f"--workers={workers}", *public]
        serve = module_command("expressplay_mock", "serve")
        mocks = [stack.enter_context(start([*serve, *shared])) for _ in range(REPLICAS)]
        authenticator = mocks[0].ready["authenticator"]
        sees = [stack.enter_context(start_sees(mock, authenticator, f"--workers={workers}")) for mock in mocks]
        if nginx:
            stack.enter_context(_proxy(nginx, doors, [[local_url(mock) for mock in mocks], [one.url for one in sees]]))
        yield Cluster(mocks, sees, authenticator, expressplay_url, sees_url)


def local_url(service: Service) -> str:
    """Return the address of this very service, not the one of all replicas."""
    return str(service.ready.get("local_url", service.url))


@contextmanager
def _proxy(nginx: str, doors: list[socket.socket], groups: list[list[str]]) -> Iterator[None]:
    """Let nginx pass on what comes in at each bound socket to the services of its group, in turn."""
    directory = Path(tempfile.mkdtemp(prefix="nginx-"))
    directory.chmod(0o755)  # started by root, nginx works as nobody
    servers = [
        _SERVER.format(
            name=f"group{number}",
            replicas=" ".join(f"server {url.removeprefix('http://')};" for url in urls),
            port=door.getsockname()[1],
        )
        for number, (door, urls) in enumerate(zip(doors, groups, strict=True))
    ]
    configuration = directory / "nginx.conf"
    configuration.write_text(_CONFIGURATION.format(directory=directory, servers="".join(servers)))
    descriptors = [door.fileno() for door in doors]
    # nginx takes over sockets that are bound already: so their ports are known, and are nobody else's.
    inherited = {"NGINX": "".join(f"{descriptor};" for descriptor in descriptors)}
    program = launch(
        [nginx, "-p", str(directory), "-c", str(configuration)],
        directory / "log",
        env={**os.environ, **inherited},
        pass_fds=descriptors,
    )
    try:
        yield
    finally:
        end(program)
        shutil.rmtree(directory, ignore_errors=True)
