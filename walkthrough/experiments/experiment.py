"""What an experiment is: a question with its answers, a real run against both services, and the reason of the outcome.

The demo, the page's lab, the walkthrough text and the docs show the same objects. A run needs only the two services,
uses cookies of its own, leaves the clocks as it found them, and can be repeated on services that are kept.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from emulator.errors import EmulatorError, EntitlementDenied, LicenseRefused, NoAnswer, RentalRanOut, StoredKeyExpired
from emulator.explain import title_of
from fairplay.errors import FairPlayError
from walkthrough.record.deployment import Deployment
from walkthrough.record.recorded import RecordedScenario

ISSUED = "license issued"
GRANTED = "SEES: token URL granted"
RENTAL_OVER = "playback stopped: the rental ran out"
KEY_EXPIRED = "refused: the stored key has expired"
CUT_SHORT = "the rest of the run"


@dataclass(frozen=True)
class Try:
    """One thing that was tried in a run, and what came of it."""

    what: str
    outcome: str


Tries = Iterator[Try]


@dataclass(frozen=True)
class Experiment:
    """One experiment.

    `expected` has the outcome of each try of `run`, in order; `decisive` is the index of the one that answers the
    question. `right` is the index of the right answer among `choices`. `decided_by` is the place in the source that
    decides, `path: function`.
    """

    id: str
    name: str
    question: str
    choices: tuple[str, ...]
    right: int
    why: str
    decided_by: str
    run: Callable[[Deployment], Tries]
    expected: tuple[str, ...]
    decisive: int = -1


@dataclass(frozen=True)
class Result:
    """What came of an experiment."""

    experiment: Experiment
    tries: tuple[Try, ...]

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The outcome of each try."""
        return tuple(one.outcome for one in self.tries)

    @property
    def ok(self) -> bool:
        """Whether every try ended as expected."""
        return self.outcomes == self.experiment.expected

    @property
    def in_short(self) -> tuple[str, str]:
        """The outcome expected and the one found, of the decisive try or, if not ok, of the first that differs."""
        expected, found = self.experiment.expected, self.outcomes
        if self.ok:
            return expected[self.experiment.decisive], found[self.experiment.decisive]
        differs = next((at for at, pair in enumerate(zip(expected, found, strict=False)) if pair[0] != pair[1]), -1)
        return expected[differs], found[differs] if found else "nothing"


def run_experiment(experiment: Experiment, deployment: Deployment) -> Result:
    """Run one experiment. A failure is an outcome and ends it. Raises `NoAnswer` only: a service that is gone."""
    tries: list[Try] = []
    try:
        tries.extend(experiment.run(deployment))
    except NoAnswer:
        raise
    except (EmulatorError, FairPlayError) as error:
        tries.append(Try(CUT_SHORT, outcome_of(error)))
    return Result(experiment, tuple(tries))


def as_json(result: Result) -> dict[str, Any]:
    """Return a result with all its tries, as docs/recordings/lab.json holds it."""
    return {"id": result.experiment.id, "tries": [asdict(one) for one in result.tries], "ok": result.ok}


def as_scenario(result: Result) -> RecordedScenario:
    """Return a result in one line, as a recording holds it."""
    expected, actual = result.in_short
    return {"name": result.experiment.name, "expected": expected, "actual": actual, "ok": result.ok}


def attempt(what: str, act: Callable[[], object]) -> Try:
    """Try something that ends with a license. A refusal is an outcome; a service that speaks nonsense is not."""
    try:
        act()
    except (EntitlementDenied, LicenseRefused, RentalRanOut, StoredKeyExpired) as refusal:
        return Try(what, outcome_of(refusal))
    return Try(what, ISSUED)


def outcome_of(error: Exception) -> str:
    """Return the outcome that a refusal or failure is."""
    match error:
        case EntitlementDenied():
            return refused_by_sees(error.number)
        case LicenseRefused():
            return refused_by_expressplay(error.number, error.cause)
        case RentalRanOut():
            return RENTAL_OVER
        case StoredKeyExpired():
            return KEY_EXPIRED
    return str(error)


def refused_by_sees(number: int) -> str:
    """Return the outcome `SEES: 6 device not registered`."""
    return f"SEES: {number} {title_of(number)}"


def refused_by_expressplay(number: int, cause: int | None = None) -> str:
    """Return the outcome `ExpressPlay: -4001 …, cause -42589 integrity`."""
    because = "" if cause is None else f", cause {cause} {title_of(cause)}"
    return f"ExpressPlay: {number} {title_of(number)}{because}"


OTHER_DEVICE = refused_by_expressplay(-9003)
