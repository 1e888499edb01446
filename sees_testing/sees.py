"""Our SEES as a test sees it, for suites whose subject is a player or another client."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sees_testing.expressplay import RunningExpressPlay
from server.app import Config, create_app
from server.catalog import load_catalog
from server.expressplay import ExpressPlayAccount
from simulation.serving import running


@dataclass(frozen=True)
class RunningSees:
    """A SEES at a base URL, and the content ids of two of its titles."""

    url: str
    dummy: str
    film: str


@contextmanager
def running_sees(expressplay: RunningExpressPlay) -> Iterator[RunningSees]:
    """Run our SEES, with the catalog that comes with it, in this process and on a free port."""
    config = Config(ExpressPlayAccount(expressplay.url, expressplay.url, expressplay.authenticator))
    titles = load_catalog(config.catalog).titles
    with running(create_app(config)) as url:
        yield RunningSees(url, titles["dummy"].keys[0].content_id, titles["film"].keys[0].content_id)
