"""The inspector: fields and bytes linked both ways, every layer down to HU, and every command as good as its word."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from page_actions import play, register_and_play
from playwright.sync_api import Page


def test_the_layers_open_down_to_hu(page: Page) -> None:
    register_and_play(page)
    page.click("[data-message='11.spc']")
    page.click(".crumbs button:text-is('HU')")
    device_id = page.locator("[data-device=A] dl .hex").inner_text()
    assert page.locator(".field.chosen b").inner_text() == "HU"
    assert page.locator(".run.chosen").inner_text().replace(" ", "") == device_id
    assert "the device_id that is logged and compared" in page.locator(".layer .detail:not(:empty)").inner_text()


def test_field_and_bytes_are_linked_by_mouse(page: Page) -> None:
    register_and_play(page)
    page.click("[data-message='11.spc']")
    envelope = page.locator(".layer").first
    envelope.locator(".field", has_text="certificate hash").hover()
    assert envelope.locator(".run.pointed").count() == 1
    envelope.locator(".run").nth(1).hover()
    assert "mark" in envelope.locator(".field.pointed").inner_text()
    envelope.locator(".run").nth(2).click()
    assert "payload IV" in envelope.locator(".field.chosen").inner_text()


def test_field_and_bytes_are_linked_by_keyboard(page: Page) -> None:
    register_and_play(page)
    page.click("[data-message='13.ckc']")
    frame = page.locator(".layer").first
    frame.locator(".run").first.focus()
    page.keyboard.press("ArrowRight")
    assert "mark" in frame.locator(".field.chosen").inner_text()
    frame.locator(".field.chosen").focus()
    page.keyboard.press("ArrowDown")
    assert frame.locator(".run.chosen").get_attribute("aria-label") == "Bytes of payload IV"


def test_the_spc_of_a_refused_device_can_be_read(page: Page) -> None:
    play(page, "A", "dummy")
    play(page, "B", "film")
    page.click("[data-message='11.spc']")
    page.click(".crumbs button:text-is('HU')")
    device_id = page.locator("[data-device=B] dl .hex").inner_text()
    assert page.locator(".run.chosen").inner_text().replace(" ", "") == device_id


def test_a_token_is_sealed_and_then_opened(page: Page) -> None:
    register_and_play(page)
    page.click("[data-message='10.token']")
    sealed, opened = page.locator(".layer").first, page.locator(".layer").nth(1)
    assert "sealed restrictions" in sealed.inner_text()
    page.click(".crumbs button:text-is('restrictions')")
    assert page.locator("[data-device=A] dl .hex").inner_text() in opened.inner_text()


def test_a_broken_message_is_explained_as_far_as_it_goes(page: Page, tmp_path: Path, address: str) -> None:
    register_and_play(page)
    page.click("[data-message='11.spc']")
    page.wait_for_selector(".message")
    step = requests.get(f"{address}/api/inspect/11/spc", timeout=10).json()
    command = step["layers"][0]["fields"][0]["command"].split(" | ")[0]
    spc = subprocess.run(["bash", "-c", command], capture_output=True, check=True).stdout
    (tmp_path / "cut.spc").write_bytes(spc[:-7])
    page.set_input_files("#file", tmp_path / "cut.spc")
    page.wait_for_selector("text=cut.spc")
    assert "1 problem" in page.locator(".message header").inner_text()
    (tmp_path / "film.txt").write_text("not at all")
    page.set_input_files("#file", tmp_path / "film.txt")
    page.wait_for_selector("text=film.txt")
    assert "problem" in page.locator(".message header").inner_text()


def test_nothing_from_a_message_becomes_markup(page: Page, tmp_path: Path) -> None:
    (tmp_path / "evil.json").write_text(json.dumps({"spc": "<img src=x onerror=alert(1)>"}))
    page.set_input_files("#file", tmp_path / "evil.json")
    page.wait_for_selector("text=evil.json")
    assert page.locator(".message img").count() == 0


@pytest.fixture(scope="module")
def messages(address: str) -> list[dict[str, Any]]:
    """The messages of a play, as the page shows them; those of a registration have the same fields."""
    post = {"timeout": 20}
    requests.post(f"{address}/api/start-over", json={}, **post).raise_for_status()  # type: ignore[arg-type]
    for title in ("dummy", "film"):
        requests.post(f"{address}/api/devices/A/play", json={"title": title}, **post).raise_for_status()  # type: ignore[arg-type]
    places = ("10/token", "11/spc", "13/ckc")
    return [requests.get(f"{address}/api/inspect/{place}", timeout=20).json() for place in places]


def test_each_printed_command_prints_the_value_shown(messages: list[dict[str, Any]]) -> None:
    pairs = list(_commands(messages))
    assert len(pairs) > 80
    script = "\n".join(f"{command} | tr -d '\\n'; echo" for command, _ in pairs)
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert ran.stderr == ""
    for (command, value), printed in zip(pairs, ran.stdout.splitlines(), strict=True):
        assert printed == value, command


def test_what_is_computed_has_a_command(messages: list[dict[str, Any]]) -> None:
    values = {
        value["name"]: value["command"]
        for message in messages
        for layer in message["layers"]
        for value in layer["values"]
    }
    drawn_at_random_or_given = {name for name, command in values.items() if not command}
    assert drawn_at_random_or_given == {
        "SPC key, drawn by the device",
        "ASk, the provider's",
        "R2, from the payload",
        "R1, from the SPC",
        "anti-replay seed, from the SPC",
        "SK, from the SPC",
    }


def _commands(messages: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for message in messages:
        for layer in message["layers"]:
            for value in layer["values"]:
                if value["command"]:
                    yield value["command"], value["value"]
            for field in layer["fields"]:
                if field["command"]:
                    yield field["command"], field["value"] if layer.get("text") else field["hex"]
