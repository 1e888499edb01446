"""Our SEES as a test sees it, for suites whose subject is a player or another client."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hosting.serving import running
from sees_testing.expressplay import RunningExpressPlay
from simulation.origins import Visitors

try:
    from server.app import Config, create_app
    from server.catalog import load_catalog
    from server.expressplay import ExpressPlayAccount
except ImportError as error:
    if not (error.name or "").startswith("server"):
        raise
    # A `server.py` beside the tests is common, and pytest puts their directory first.
    raise ImportError(
        f"expected the package server of this project, found {getattr(sys.modules.get('server'), '__file__', None)}. "
        "Fix: rename yours, or start SEES as a program of its own: sees-server serve."
    ) from error


@dataclass(frozen=True)
class RunningSees:
    """A SEES at a base URL, and the content ids of two of its titles."""

    url: str
    dummy: str
    film: str


@contextmanager
def running_sees(expressplay: RunningExpressPlay, cors_origins: frozenset[str] = frozenset()) -> Iterator[RunningSees]:
    """Run our SEES, with the catalog that comes with it, in this process and on a free port.

    Pages of `cors_origins` may ask it.
    """
    account = ExpressPlayAccount(expressplay.url, expressplay.url, expressplay.authenticator)
    config = Config(account, lag_patience=0.3, visitors=Visitors(cors_origins=cors_origins))
    titles = load_catalog(config.catalog).titles
    with running(create_app(config)) as url:
        yield RunningSees(url, titles["dummy"].keys[0].content_id, titles["film"].keys[0].content_id)
