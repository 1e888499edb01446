"""The real mock and the real SEES over real HTTP, alone, together, or with the page in front of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from expressplay_mock.app import Config as MockConfig
from expressplay_mock.app import create_app as create_mock
from hosting.serving import running
from server.app import Config as SeesConfig
from server.app import create_app as create_sees
from server.catalog import CONTENT
from server.expressplay import ExpressPlayAccount
from walkthrough.page.app import create_app as create_page
from walkthrough.record.deployment import Deployment, find_deployment

AUTHENTICATOR = "77,0123456789abcdef0123456789abcdef"


@contextmanager
def expressplay_service(**configured: Any) -> Iterator[str]:
    """Run the mock in memory, with parts of its `Config`; yields its base URL."""
    with running(
        lambda url: create_mock(MockConfig(public_url=url, **{"authenticator": AUTHENTICATOR, **configured}))
    ) as url:
        yield url


def account_at(expressplay: str, **reach: Any) -> ExpressPlayAccount:
    """Return the account of SEES at a mock; `reach` is what else an account has."""
    return ExpressPlayAccount(expressplay, expressplay, AUTHENTICATOR, **reach)


@contextmanager
def services(
    catalog: Path = CONTENT / "catalog.toml", *, teach: bool = False, lag_patience: float = 0.3, **reach: Any
) -> Iterator[tuple[str, str]]:
    """Run both in memory; yields the base URLs of SEES and of the mock. `reach` is how SEES reaches the mock."""
    with expressplay_service(teach=teach) as expressplay:
        config = SeesConfig(account_at(expressplay, **reach), catalog, lag_patience=lag_patience)
        with running(create_sees(config)) as sees:
            yield sees, expressplay


@contextmanager
def real_deployment(**how: Any) -> Iterator[Deployment]:
    """Run both services, and find them as the commands do; `how` is what `services` takes."""
    with services(**how) as (sees, expressplay):
        deployment = find_deployment(sees, expressplay)
        try:
            yield deployment
        finally:
            deployment.web.close()


@contextmanager
def running_page(**how: Any) -> Iterator[str]:
    """Run the walkthrough page over both services; yields its base URL."""
    with real_deployment(**how) as deployment, running(lambda url: create_page(deployment, url)) as url:
        yield url
