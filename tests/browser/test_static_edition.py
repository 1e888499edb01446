"""The page without a server of ours: under a plain file server, and from disk. Nothing leaves the folder."""

import gzip
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from page_actions import play, screen, wait_for_frames
from playwright.sync_api import Browser, Page

from walkthrough.page.static.build import build
from walkthrough.record.steps import STEPS

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = ROOT / "docs" / "recordings"
USUAL = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
Visit = Callable[..., Page]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    build(folder, RECORDINGS / "page", RECORDINGS / "lab.json", ROOT / "server" / "content")
    return folder


@pytest.fixture(scope="module")
def plain_server(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Open an address. No page error, and no request beside those below `base`, or the test fails at its end.

    A test's visits are all in one tab: a new one would start a process, which takes longer than the page.
    """
    problems: list[str] = []
    bases: list[str] = []
    context = browser.new_context(**USUAL)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.on("console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda asked: _note_foreign(asked.url, bases, problems))

    def visit_(base: str, path: str = "") -> Page:
        bases[:] = [base]
        page.goto("about:blank")  # from there every address is an arrival, where it differs in its fragment only too
        page.goto(f"{base}/{path}")
        page.wait_for_selector("html[data-ready]")
        return page

    yield visit_
    context.close()
    assert problems == []


def _note_foreign(url: str, bases: list[str], problems: list[str]) -> None:
    if not url.startswith((*bases, "blob:", "data:", "about:blank")):
        problems.append(f"left the folder: {url}")


def test_the_film_unlocks_on_a_and_b_stays_black(visit: Visit, plain_server: str) -> None:
    page = visit(plain_server)
    play(page, "A", "dummy")
    play(page, "A", "film")
    wait_for_frames(page, "A")
    play(page, "B", "film")
    assert "-9003" in screen(page, "B")
    frames = page.locator("[data-device=B] video").evaluate("video => video.getVideoPlaybackQuality().totalVideoFrames")
    assert frames == 0


def test_without_the_ckcs_keys_there_is_no_film(visit: Visit, plain_server: str) -> None:
    page = visit(plain_server)
    spoilt = """() => { for (const run of Object.values(recordedWalkthrough.runs))
        for (const one of run.licenses) one.device_keys.sk = '0'.repeat(32); }"""
    page.evaluate(spoilt)
    play(page, "A", "film")
    page.wait_for_function("() => document.querySelector('[data-device=A] video').error?.code === 3")


def test_the_binding_goes_to_who_registers_last(visit: Visit, plain_server: str) -> None:
    page = visit(plain_server)
    assert page.locator("#rows tr.binds").count() == 1
    play(page, "B", "dummy")
    assert page.locator("#rows tr.binds").count() == 0  # SEES has not looked it up yet
    assert page.locator("[data-device=A] .pill").inner_text() == "binding lost to Device B"
    play(page, "B", "film")
    wait_for_frames(page, "B")
    assert page.locator("#rows tr.binds").count() == 1
    play(page, "A", "film")
    assert "-9003" in screen(page, "A")
    page.click("#start-over")
    page.wait_for_selector("#rows .empty")
    play(page, "A", "film")
    assert "not registered" in screen(page, "A")


def test_one_step_at_a_time(visit: Visit, plain_server: str) -> None:
    page = visit(plain_server)
    page.click("#start-over")
    page.select_option("#pace", "stepping")
    page.locator("[data-device=A] [data-title=dummy]").click()
    for n in (0, 1):
        page.click("#next")
        page.wait_for_selector(f".arrow-row.happened[data-step='{n}']")
        assert page.locator(f".arrow-row.ghost[data-step='{n + 1}']").count() == 1
    page.click("#to-end")
    page.wait_for_selector(".arrow-row.happened[data-step='5']")


@pytest.mark.parametrize("name", ["index.html", "fr.html"])
def test_from_disk_all_is_there_but_the_moving_film(visit: Visit, folder: Path, name: str) -> None:
    page = visit(folder.as_uri(), f"{name}#step=9")
    assert page.locator(".arrow-row.happened").count() == len(STEPS)
    assert page.locator("#step h3").inner_text() in ("Step 9", "Étape 9")
    play(page, "A", "film")
    page.wait_for_function("() => document.querySelector('[data-device=A] .still').naturalWidth === 320")
    assert "http" in screen(page, "A")
    play(page, "B", "film")
    assert "-9003" in screen(page, "B")


@pytest.mark.parametrize("where", ["server", "disk"])
def test_every_link_is_full_on_arrival(visit: Visit, folder: Path, plain_server: str, where: str) -> None:
    base = plain_server if where == "server" else folder.as_uri()
    for step in STEPS:
        page = visit(base, f"index.html#step={step.n}")
        assert page.locator("#step h3").inner_text() == f"Step {step.n}"
        assert page.locator("#step .exchange").count() == 1
    page = visit(base, "index.html#bytes")
    page.wait_for_selector(".field.chosen:has-text('HU')")
    page = visit(base, "index.html#lab=4")
    page.wait_for_selector("[data-item=cookie-stolen-before][open] .reason")
    page = visit(base, "fr.html#lab=replayed-spc")
    page.wait_for_selector("[data-item=replayed-spc][open] .reason")


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)])
def test_axe_finds_nothing(visit: Visit, plain_server: str, size: tuple[int, int]) -> None:
    page = visit(plain_server, "fr.html#lab=2")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    play(page, "B", "film")
    page.locator(".arrow-row[data-step='12']").click()
    page.locator("#step .term").first.focus()
    found = {one["id"]: [node["html"][:160] for node in one["nodes"]] for one in Axe().run(page).response["violations"]}
    assert found == {}
    label = str(page.locator(".arrow-row[data-step='12']").get_attribute("aria-label"))
    assert label.endswith("compare les deux device_id\u00a0: différents")


def test_a_refused_step_13_tells_of_no_ckc(visit: Visit, plain_server: str) -> None:
    page = visit(plain_server)
    play(page, "B", "film")
    page.locator(".arrow-row[data-step='13']").click()
    assert page.locator("#step .why").inner_text().startswith("No CKC was made.")


@pytest.mark.parametrize("page_name", ["index.html", "fr.html"])
def test_no_line_begins_with_what_follows_a_term(visit: Visit, plain_server: str, page_name: str) -> None:
    page = visit(plain_server, f"{page_name}#step=9")
    lease = page.locator("#step .why .term").last
    for width in range(1000, 1500, 20):
        page.set_viewport_size({"width": width, "height": 900})
        closing, below, above = lease.evaluate(
            """term => {
              const range = document.createRange();
              range.setStart(term.nextSibling, 0);
              range.setEnd(term.nextSibling, 1);
              return [range.toString(), term.getBoundingClientRect().bottom, range.getBoundingClientRect().top];
            }"""
        )
        assert closing == "."
        assert above < below, f"at {width} pixels the full stop is on a line of its own"


def test_the_story_ends_no_sentence_with_four_dots(visit: Visit, plain_server: str) -> None:
    page = visit(plain_server)
    play(page, "B", "film")
    assert "…." not in str(page.locator("#story").text_content())


CUT = """log => {
  const frame = log.getBoundingClientRect();
  const parts = [...log.querySelectorAll(getComputedStyle(log.querySelector('thead')).position === 'absolute'
    ? 'td, .pill' : 'th, td, .pill')];
  return parts.filter(part => {
    const box = part.getBoundingClientRect();
    return box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom;
  }).map(part => part.innerText);
}"""
"""The parts of the log that do not lie whole inside its frame. On a narrow screen the header is not to be seen."""


@pytest.mark.parametrize("page_name", ["index.html", "fr.html"])
def test_the_log_of_the_proposed_story_is_seen_whole(visit: Visit, plain_server: str, page_name: str) -> None:
    page = visit(plain_server, page_name)
    for device, title in (("A", "dummy"), ("A", "film"), ("B", "film")):
        play(page, device, title)
    log = page.locator("#rows")
    assert log.locator("tbody tr").count() == 5
    for width in (1440, 1024, 768, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert log.evaluate(CUT) == [], f"at {width} pixels"


def test_the_header_of_a_long_log_stays(visit: Visit, plain_server: str) -> None:
    page = visit(plain_server)
    page.set_viewport_size({"width": 1440, "height": 900})
    log = page.locator("#rows")
    for _ in range(10):
        play(page, "A", "film")
    assert log.evaluate("log => log.scrollTop") > 0
    top = log.evaluate("log => log.querySelector('th').getBoundingClientRect().top - log.getBoundingClientRect().top")
    assert 0 <= top <= 2


@pytest.mark.parametrize(("page_name", "word"), [("index.html", "recorded"), ("fr.html", "enregistrée")])
def test_the_lab_says_that_its_runs_are_recorded(visit: Visit, plain_server: str, page_name: str, word: str) -> None:
    assert word in visit(plain_server, page_name).locator("#lab > .caption").inner_text()


def test_what_needs_the_live_page_says_so(visit: Visit, plain_server: str) -> None:
    page = visit(plain_server)
    assert "scripts/demo --open" in page.locator("#free").inner_text()
    assert not page.locator("#add-device").is_visible()


def test_a_command_fetches_the_message_that_is_shown(visit: Visit, plain_server: str, folder: Path) -> None:
    page = visit(plain_server, "#bytes=13.ckc")
    command = page.locator(".layer .field").first
    command.click()
    text = page.locator(".layer .detail pre").first.inner_text()
    assert text.startswith(f"curl -s {plain_server}/messages/A.film.A.13.ckc |")
    assert (folder / "messages" / "A.film.A.13.ckc").read_bytes().startswith(b"\0\0\0\1SIM1")


def test_it_is_small_and_holds_no_clear_film(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_000_000
    pages = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in files if path.suffix != ".mp4"}
    of_all = sum(pages[name] for name in ("data.js", "fairplay-eme.js", "page.js", "page.css"))
    assert of_all + pages["index.html"] < 100_000
    assert of_all + pages["fr.html"] + pages["fr.js"] < 100_000
    script = (folder / "page.js").stat().st_size + (folder / "fairplay-eme.js").stat().st_size
    assert script < 130_000
    media = {path.relative_to(folder / "media") for path in files if path.suffix in (".mp4", ".m4s")}
    assert media
    for name in media:
        assert (folder / "media" / name).read_bytes() == (ROOT / "server" / "content" / name).read_bytes()
    inits = [path for path in files if path.name.endswith("-init.mp4")]
    assert all(b"encv" in path.read_bytes() or b"enca" in path.read_bytes() for path in inits)
