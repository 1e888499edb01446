"""Under a failed check stands what the mock itself says of its requests."""

import re
from collections.abc import Callable, Iterable

import pytest
from broken_sees import (
    BelievesRefusedRows,
    CrashesWhenRefused,
    HandsOnWhatComes,
    LooksUpTheNewestOfAll,
    RegistersWithoutTheCookie,
)
from broken_sees_at_work import (
    CachesTheDevice,
    FiltersTheWholeLog,
    LeavesLongCookiesToExpressPlay,
    SendsTheKeyForIv,
    TriesTenTimes,
)
from small_sees import SmallSees

from sees_testing.conform.model import Result, Verdict

HINTS: list[tuple[int, type[SmallSees], str]] = [
    (9, LeavesLongCookiesToExpressPlay, "-2033"),
    (11, RegistersWithoutTheCookie, "registration, issued"),
    (14, LooksUpTheNewestOfAll, "the token names device"),
    (16, CachesTheDevice, "hint: "),
    (17, BelievesRefusedRows, "-9003"),
    (29, CrashesWhenRefused, "-2018"),
    (31, HandsOnWhatComes, "answered with rubbish"),
    (40, FiltersTheWholeLog, "records looked up"),
    (46, SendsTheKeyForIv, "device-bound token made"),
    (47, TriesTenTimes, "refused, -2031 "),
]


@pytest.mark.parametrize(("number", "kind", "said"), HINTS, ids=[kind.__name__ for _, kind, _ in HINTS])
def test_the_mocks_own_words_stand_under_a_failed_check(
    run_kit: Callable[[type[SmallSees], Iterable[int]], list[Result]], number: int, kind: type[SmallSees], said: str
) -> None:
    [result] = run_kit(kind, [number])
    assert result.verdict is Verdict.FAILED
    assert all(re.match(r"mock #\d+ |  |\(\d+ other entries", line) for line in result.mock)
    assert said in "\n".join(result.mock)
    refusals = [line for line in result.mock if "refused, -" in line]
    assert len([line for line in result.mock if line.startswith("  hint: ")]) == len(refusals)
