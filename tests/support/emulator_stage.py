"""The emulator's stage for tests: the real mock and the real SEES over real HTTP, or a server that says one thing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from flask import Flask, Response, request

from expressplay_mock.app import Config as MockConfig
from expressplay_mock.app import create_app as create_mock
from hosting.serving import running
from server.app import Config as SeesConfig
from server.app import create_app as create_sees
from server.expressplay import ExpressPlayAccount
from walkthrough.record.deployment import Deployment, find_deployment

AUTHENTICATOR = "77,0123456789abcdef0123456789abcdef"


@contextmanager
def services(*, teach: bool = False) -> Iterator[tuple[str, str]]:
    """Run both services in memory; yields the base URLs of SEES and of the mock."""
    config = MockConfig(authenticator=AUTHENTICATOR, teach=teach)
    with running(lambda url: create_mock(replace(config, public_url=url))) as expressplay:
        account = ExpressPlayAccount(expressplay, expressplay, AUTHENTICATOR)
        with running(create_sees(SeesConfig(account, lag_patience=0.3))) as sees:
            yield sees, expressplay


@contextmanager
def real_stage() -> Iterator[Deployment]:
    """Run both services and stand on their stage."""
    with services() as (sees, expressplay):
        stage = find_deployment(sees, expressplay)
        try:
            yield stage
        finally:
            stage.web.close()


@dataclass
class Told:
    """What a stub answers to everything, and what it was asked."""

    body: bytes | str | Callable[[], bytes | str] = b""
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)


@contextmanager
def told(answer: Told) -> Iterator[str]:
    """Run a server that answers every request with `answer`; yields its base URL."""
    app = Flask("told", static_folder=None)

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def say(path: str) -> Response:
        answer.asked.append((request.method, request.full_path, request.get_data()))
        body = answer.body() if callable(answer.body) else answer.body
        return Response(body, answer.status, answer.headers, content_type=answer.content_type)

    with running(app) as url:
        yield url
