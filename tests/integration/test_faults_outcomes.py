"""Every fault over real HTTP: SEES and the emulator come to the outcome that docs/stage.md tells."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from fault_outcomes import ROWS, Row
from real_services import real_deployment

from emulator.binding import play, register
from emulator.errors import EmulatorError, EntitlementDenied, LicenseRefused
from expressplay_mock.faults.fault_effects import CODES
from expressplay_mock.faults.faults import KINDS, PLACES, RIGHTS
from fairplay.errors import FairPlayError
from walkthrough.record.deployment import Deployment

PAGE = Path(__file__).resolve().parents[2] / "docs" / "stage.md"


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    with real_deployment(timeouts=(2.0, 0.15), lag_patience=0.003) as deployment:
        yield deployment


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(str(value) for value in row.fault.values()))
def test_outcome(
    deployment: Deployment, row: Row, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = deployment.name(str(ROWS.index(row)))
    client = deployment.client(f"fault{ROWS.index(row)}")
    faults = f"{deployment.expressplay}/_sim/faults"
    request.addfinalizer(lambda: requests.delete(faults, timeout=10))
    lags = row.fault["fault"] == "lag"
    if not lags:
        register(client, cookie)
    requests.post(faults, json=row.fault, timeout=10).raise_for_status()
    if lags:
        register(client, cookie)
    if row.fault["fault"] == "delay" and row.fault["at"] == "rights":
        monkeypatch.setattr("emulator.transport.READ_SECONDS", 1.0)
    text, error = "", ""
    try:
        play(client, cookie)
    except (EmulatorError, FairPlayError) as reason:
        text, error = str(reason), type(reason).__name__
    assert error == row.error, text
    assert row.words in text
    assert entitled(deployment, str(client.web.trace)) == row.sees_number
    journal = requests.get(f"{deployment.expressplay}/_sim/journal?trace={client.web.trace}", timeout=10).json()[
        "entries"
    ]
    assert row.fault["fault"] in {entry.get("fault") for entry in journal}


@pytest.mark.parametrize("at", PLACES)
def test_every_code_at_every_place_ends_clearly(
    deployment: Deployment, at: str, request: pytest.FixtureRequest
) -> None:
    cookie, client = deployment.name(f"codes-{at}"), deployment.client(f"codes {at}")
    faults = f"{deployment.expressplay}/_sim/faults"
    request.addfinalizer(lambda: requests.delete(faults, timeout=10))
    register(client, cookie)
    for code in CODES:
        fault = {"fault": "refuse", "at": at, "code": code}
        number = requests.post(faults, json=fault, timeout=10).json()["id"]
        with pytest.raises(EmulatorError) as refusal:
            play(client, cookie)
        if at == RIGHTS:
            assert isinstance(refusal.value, LicenseRefused)
            assert refusal.value.number == code
        else:
            assert isinstance(refusal.value, EntitlementDenied)
            assert refusal.value.number == 8
        assert str(code) in str(refusal.value)
        requests.delete(f"{faults}/{number}", timeout=10).raise_for_status()
    assert play(client, cookie)


def entitled(deployment: Deployment, trace: str) -> int | None:
    """The number with which SEES denied the film, None where it did not."""
    journal = requests.get(f"{deployment.sees}/_sim/journal?trace={trace}", timeout=10).json()["entries"]
    number: int | None = next(entry for entry in journal if entry["step"] == 6)["response"].get("error")
    return number


def test_every_fault_at_every_place_has_its_row() -> None:
    assert {(row.fault["fault"], row.fault["at"]) for row in ROWS} == {
        (kind.name, place) for kind in KINDS.values() for place in kind.places
    }


def test_the_page_shows_exactly_this_table_and_the_list_of_faults() -> None:
    page = PAGE.read_text()
    table = page.partition("| fault | set | SEES | emulator |\n|---|---|---|---|\n")[2].partition("\n\n")[0]
    assert table.splitlines() == [row.shown for row in ROWS]
    listed = page.partition("| fault | meaning | at | needs |\n|---|---|---|---|\n")[2].partition("\n\n")[0]
    assert listed.splitlines() == [
        f"| {kind.name} | {kind.meaning} | {', '.join(kind.places)} | {', '.join(kind.as_json()['needs']) or '-'} |"
        for kind in KINDS.values()
    ]
