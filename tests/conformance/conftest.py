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
def shared_expressplay() -> Iterator[RunningExpressPlay]:
    with running_expressplay() as expressplay:
        yield expressplay


@pytest.fixture(scope="session")
def run_kit(shared_expressplay: RunningExpressPlay) -> RunKit:
    """Run checks, by their numbers, on a small SEES of a given class."""

    def run(kind: type[SmallSees], only: Iterable[int]) -> list[Result]:
        shared_expressplay.reset()  # the kit reads the journal from its beginning, and that of 98 runs is long
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
