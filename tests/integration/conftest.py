"""What is started once for each module: the real services with a cookie for each test, and a mock that is reset."""

from collections.abc import Iterator

import pytest
from mock_over_http import Mock, running_mock
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


@pytest.fixture(scope="module")
def one_mock() -> Iterator[Mock]:
    """A mock that the tests of a module share."""
    with running_mock() as mock:
        yield mock


@pytest.fixture
def mock(one_mock: Mock) -> Mock:
    """The same as new."""
    return one_mock.reset()
