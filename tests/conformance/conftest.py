"""One mock for all conformance tests: every run of the kit uses cookies and devices of its own."""

from collections.abc import Callable, Iterable, Iterator

import pytest
from small_sees import DUMMY, FILM, IV, KEYS, SmallSees

from hosting.serving import running
from sees_testing.conform import Known
from sees_testing.conform.model import Result
from sees_testing.conform.runner import conform
from sees_testing.expressplay import RunningExpressPlay, running_expressplay

RunKit = Callable[[type[SmallSees], Iterable[int]], list[Result]]


@pytest.fixture(scope="session")
def one_expressplay() -> Iterator[RunningExpressPlay]:
    with running_expressplay() as expressplay:
        yield expressplay


@pytest.fixture
def shared_expressplay(one_expressplay: RunningExpressPlay) -> RunningExpressPlay:
    """The mock as new: the kit reads its journal from the beginning, and that of all tests is long."""
    one_expressplay.reset()
    return one_expressplay


@pytest.fixture
def run_kit(shared_expressplay: RunningExpressPlay) -> RunKit:
    """Run checks, by their numbers, on a small SEES of a given class."""

    def run(kind: type[SmallSees], only: Iterable[int]) -> list[Result]:
        sees = kind(shared_expressplay.url, shared_expressplay.authenticator)
        with sees.http, running(sees.app()) as url:
            return conform(
                sees=url,
                expressplay=shared_expressplay.url,
                content=FILM,
                dummy=DUMMY,
                authenticator=shared_expressplay.authenticator,
                only=only,
                known=Known(bytes.fromhex(KEYS[FILM]), bytes.fromhex(IV), lifetimes=(30, 3600)),
                **kind.kit,
            )

    return run
