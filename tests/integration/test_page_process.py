"""`fps-emulator serve` as a process, and what the page finds in the installed packages."""

import sys
from pathlib import Path

import pytest
import requests
from processes import running_processes

from hosting.process import StartError, start
from walkthrough.page.source_code import PLACES, Place, find, sources_of
from walkthrough.record.steps import STEPS


def test_it_serves_and_ends_cleanly(tmp_path: Path) -> None:
    with running_processes(tmp_path) as services:
        command = [sys.executable, "-m", "emulator", "serve", "--sees", services.sees.url]
        with start([*command, "--expressplay", services.mock.url]) as page:
            assert page.name == "fps-emulator"
            assert "FairPlay device binding" in requests.get(page.url, timeout=10).text
            answer = requests.post(f"{page.url}/api/devices/A/play", json={"title": "dummy"}, timeout=20)
            assert answer.json()["licenses"]
            listening = requests.get(f"{page.url}/api/events", stream=True, timeout=10)
            assert next(listening.iter_lines()).startswith(b'data: {"type": "state"')
            assert page.stop() == 0
            listening.close()


def test_without_services_it_says_so() -> None:
    nowhere = "http://127.0.0.1:1"
    with pytest.raises(StartError, match="nothing answers"):
        start([sys.executable, "-m", "emulator", "serve", "--sees", nowhere, "--expressplay", nowhere])


def test_every_step_has_its_source_and_every_mark_is_found() -> None:
    assert sorted(PLACES) == [step.n for step in STEPS]
    for step, places in PLACES.items():
        assert len(sources_of(step)) == len(places)
        for place in places:
            source = find(place)
            assert source is not None
            shown = dict(enumerate(source.lines, source.first))
            for mark in place.marks:
                assert any(shown[number].strip().startswith(mark) for number in source.marked), (step, mark)


def test_a_place_that_is_not_there() -> None:
    assert find(Place("no_such_package/module.py", "f")) is None
    with pytest.raises(LookupError, match="no function"):
        find(Place("emulator/binding.py", "no_such_function"))
