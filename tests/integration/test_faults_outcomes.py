"""Every fault over real HTTP: SEES and the emulator come to the outcome that docs/stage.md tells."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from emulator_stage import AUTHENTICATOR
from fault_outcomes import ROWS, Row

from emulator.binding import play, register
from emulator.errors import EmulatorError, EntitlementDenied, LicenseRefused
from expressplay_mock.app import Config as MockConfig
from expressplay_mock.app import create_app as create_mock
from expressplay_mock.faults.fault_effects import CODES
from expressplay_mock.faults.faults import KINDS, PLACES, RIGHTS
from fairplay.errors import FairPlayError
from hosting.serving import running
from server.app import Config as SeesConfig
from server.app import create_app as create_sees
from server.expressplay import ExpressPlayAccount
from walkthrough.record.deployment import Deployment, find_deployment

PAGE = Path(__file__).resolve().parents[2] / "docs" / "stage.md"


@pytest.fixture(scope="module")
def stage() -> Iterator[Deployment]:
    with running(lambda url: create_mock(MockConfig(public_url=url, authenticator=AUTHENTICATOR))) as expressplay:
        account = ExpressPlayAccount(expressplay, expressplay, AUTHENTICATOR, timeouts=(2.0, 0.15))
        with running(create_sees(SeesConfig(account, lag_patience=0.003))) as sees:
            standing = find_deployment(sees, expressplay)
            yield standing
            standing.web.close()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(str(value) for value in row.fault.values()))
def test_outcome(stage: Deployment, row: Row, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = stage.name(str(ROWS.index(row)))
    client = stage.client(f"fault{ROWS.index(row)}")
    faults = f"{stage.expressplay}/_sim/faults"
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
    assert entitled(stage, str(client.web.trace)) == row.sees_number
    journal = requests.get(f"{stage.expressplay}/_sim/journal?trace={client.web.trace}", timeout=10).json()["entries"]
    assert row.fault["fault"] in {entry.get("fault") for entry in journal}


@pytest.mark.parametrize("at", PLACES)
def test_every_code_at_every_place_ends_clearly(stage: Deployment, at: str, request: pytest.FixtureRequest) -> None:
    cookie, client = stage.name(f"codes-{at}"), stage.client(f"codes {at}")
    faults = f"{stage.expressplay}/_sim/faults"
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


def entitled(stage: Deployment, trace: str) -> int | None:
    """The number with which SEES denied the film, None where it did not."""
    journal = requests.get(f"{stage.sees}/_sim/journal?trace={trace}", timeout=10).json()["entries"]
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
