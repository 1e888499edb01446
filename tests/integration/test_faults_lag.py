"""SEES waits out a record retrieval that lags behind the log: boundedly, and it says so."""

from pathlib import Path
from typing import Any

import pytest
import requests
from real_services import real_deployment
from stubbed_sees import DEVICE, row, stubbed_sees

from emulator.binding import play, register
from emulator.errors import EntitlementDenied
from hosting.deadline import within
from server.entitlement import Record
from server.errors import DeniedError, ErrorNumber
from server.patient_look_up import LAG_PATIENCE, MAX_LOOKS, PatientLookUp

REGISTERED = [Record(1, DEVICE, True, 0)]


def patient(answers: list[Any], patience: float = 0.3) -> tuple[PatientLookUp, list[float]]:
    naps: list[float] = []
    return PatientLookUp(lambda _: answers.pop(0), patience, naps.append), naps


def test_records_that_are_there_cost_one_look() -> None:
    look_up, naps = patient([REGISTERED])
    assert look_up("alice") == REGISTERED
    assert (naps, look_up.account()) == ([], "")


def test_a_registration_that_comes_late_is_waited_for() -> None:
    look_up, naps = patient([[], [], REGISTERED])
    assert look_up("alice") == REGISTERED
    assert naps == pytest.approx([0.1, 0.2])
    assert "looked 3 times over 0.3 s" in look_up.account()


def test_the_wait_has_an_end_and_the_answer_says_so() -> None:
    look_up, naps = patient([[]] * MAX_LOOKS)
    with pytest.raises(
        DeniedError, match=r"not registered.* looked 3 times over 0\.3 s, since records may lag"
    ) as caught:
        look_up("alice")
    assert caught.value.number is ErrorNumber.DEVICE_NOT_REGISTERED
    assert sum(naps) == pytest.approx(0.3)


def test_the_default_outlasts_a_lag_of_one_second() -> None:
    look_up, naps = patient([[]] * MAX_LOOKS, LAG_PATIENCE)
    with pytest.raises(DeniedError):
        look_up("alice")
    assert 1 < sum(naps) < 2


def test_no_wait_goes_beyond_the_deadline_of_the_request() -> None:
    look_up, naps = patient([[]] * MAX_LOOKS, 60)
    with within(40), pytest.raises(DeniedError, match="looked 2 times over 20 s") as caught:
        look_up("alice")
    assert caught.value.number is ErrorNumber.DEVICE_NOT_REGISTERED
    assert naps == [20]


def test_without_patience_there_is_one_look() -> None:
    look_up, naps = patient([[]], 0)
    with pytest.raises(DeniedError) as caught:
        look_up("alice")
    assert naps == []
    assert "looked" not in caught.value.text


def test_a_failing_expressplay_is_not_asked_again(tmp_path: Path) -> None:
    with stubbed_sees(tmp_path) as sees:
        sees.expressplay.records = [row(1, DEVICE, cookie="bob")]
        assert sees.ask(requestType=3, customerCookie="alice").json()["error"] == 8
        assert len(sees.expressplay.asked) == 1


def test_sees_catches_up_with_a_short_lag_and_denies_in_a_long_one() -> None:
    with real_deployment(lag_patience=0.003) as deployment:

        def fault(**settings: object) -> None:
            assert requests.post(
                f"{deployment.expressplay}/_sim/faults", json={"fault": "lag"} | settings, timeout=10
            ).ok

        client = deployment.client("short")
        fault(requests=2, cookie="short")
        register(client, "short")
        assert play(client, "short")
        entries = requests.get(f"{deployment.sees}/_sim/journal?trace={client.web.trace}", timeout=10).json()["entries"]
        assert [entry["step"] for entry in entries].count(7) == 3
        decision = next(entry["decision"] for entry in entries if entry["step"] == 6)
        assert "looked 3 times" in decision["why"]

        client = deployment.client("long")
        fault(seconds=60, cookie="long")
        register(client, "long")
        with pytest.raises(EntitlementDenied, match="looked 3 times"):
            play(client, "long")
        requests.post(f"{deployment.expressplay}/_sim/clock", json={"advance": 61}, timeout=10)
        assert play(client, "long")
