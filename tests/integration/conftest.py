"""A deployment of the real services, one for each module, and a cookie of each test's own."""

from collections.abc import Iterator

import pytest
from real_services import real_deployment

from walkthrough.record.deployment import Deployment


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    """The real mock and SEES, found as the commands find them."""
    with real_deployment() as deployment:
        yield deployment


@pytest.fixture
def cookie(deployment: Deployment, request: pytest.FixtureRequest) -> str:
    """A cookie that no other test has."""
    return deployment.name(request.node.name[-20:])
