"""The parts of the page's state: who goes on alone, which row binds, and a field of an SPC that is changed."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.device import Provisioning
from emulator.transport import Web
from fairplay.certificate import ApplicationCertificate
from fairplay.spc import SpcContents
from walkthrough.page.free_play import changed, spc_fields
from walkthrough.page.pacing import Busy, Pacing, StartedOver
from walkthrough.page.page_state import PageState
from walkthrough.record.deployment import Deployment


def row(number: int, *, device: str, registration: bool = True, result: int = 0) -> dict[str, object]:
    return {
        "event_id": number, "cookie": "c", "device_id": device, "registration": registration, "result": result,
    }  # fmt: skip


def shown(page: PageState, *rows: Any, decided: int | None = None) -> list[int]:
    """Show rows, and a step in which SEES decides by one; return which rows bind then."""
    steps = [{"n": 10, "decision": {"event_id": decided}}] if decided else []
    with page.pacing.run() as run:
        page.feed.show(run, steps, rows)
    return [row["event_id"] for row in page.shown()["rows"] if row["binds"]]


@pytest.fixture
def page(certificate: ApplicationCertificate) -> Iterator[PageState]:
    web = Web()
    yield PageState(Deployment("http://sees", "http://expressplay", web, Provisioning(certificate, bytes(16))))
    web.close()


def test_no_row_binds_before_sees_has_decided(page: PageState) -> None:
    assert shown(page, row(2, device="b"), row(1, device="a")) == []
    assert shown(page, row(2, device="b"), row(3, device="a", result=-9002)) == []
    assert [row["event_id"] for row in page.shown()["rows"]] == [1, 2, 3]


def test_the_row_binds_by_which_sees_decided_until_a_device_registers(page: PageState) -> None:
    shown(page, row(1, device="a"), row(2, device="b"))
    assert shown(page, decided=1) == [1]  # SEES saw a log that lags behind
    assert shown(page, decided=2) == [2]
    assert shown(page, row(3, device="a", result=-9002), decided=7) == [2]  # 7 is of another page
    assert shown(page, row(4, device="a", registration=False)) == [2]
    assert shown(page, row(5, device="a")) == []


def test_one_run_at_a_time() -> None:
    pacing = Pacing()
    with pacing.run():
        assert pacing.running
        with pytest.raises(Busy), pacing.run():
            pass
    assert not pacing.running


def test_a_run_that_waits_for_a_step_is_given_up() -> None:
    pacing, ended = Pacing(), threading.Event()
    pacing.set_stepping(True)

    def wait() -> None:
        with pacing.run() as run:
            started.set()
            try:
                pacing.wait(run)
            except StartedOver:
                ended.set()

    started = threading.Event()
    thread = threading.Thread(target=wait)
    thread.start()
    assert started.wait(10)
    pacing.start_over()
    thread.join(10)
    assert ended.is_set()
    assert not pacing.running


def test_a_run_that_moves_a_clock_is_not_given_up() -> None:
    pacing = Pacing()
    with pacing.run(can_be_given_up=False) as run:
        pacing.start_over()
        assert not run.over
        assert pacing.running


Spc = tuple[bytes, SpcContents]


@pytest.fixture(scope="module")
def one_spc(new_spc: Callable[..., Spc]) -> Spc:
    return new_spc()


@given(st.data())
def test_a_changed_field_is_changed_and_no_other_of_its_layer(one_spc: Spc, data: st.DataObject) -> None:
    spc, contents = one_spc
    fields = [field for field in spc_fields(spc, contents) if field.layer == "SK..R1" or field.layer == "envelope"]
    field = data.draw(st.sampled_from(fields))
    assert changed(spc, contents, field.layer, field.name, bytes.fromhex(field.value)) == spc
    bit = data.draw(st.integers(0, len(field.value) * 4 - 1))
    value = bytearray.fromhex(field.value)
    value[bit // 8] ^= 0x80 >> bit % 8
    other = changed(spc, contents, field.layer, field.name, bytes(value))
    assert len(other) == len(spc)
    if field.layer == "envelope":
        assert sum((one ^ two).bit_count() for one, two in zip(spc, other, strict=True)) == 1
    else:
        inside = {one.name: one.value for one in spc_fields(other, contents) if one.layer == "SK..R1"}
        honest = {one.name: one.value for one in spc_fields(spc, contents) if one.layer == "SK..R1"}
        assert {name for name in honest if inside[name] != honest[name]} == {field.name}
