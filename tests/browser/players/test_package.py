"""The script as people get it: from the mock, as an npm package, by the fixture `safari`; its size, and its types."""

import gzip
import json
import re
import shutil
import subprocess
import sys
import tarfile
import textwrap
from pathlib import Path

import pytest
import requests
from player_pages import PLAYERS, PlayerPages
from playwright.sync_api import Browser

from sees_testing.expressplay import RunningExpressPlay
from sees_testing.safari import SCRIPT, Safari
from sees_testing.sees import RunningSees
from walkthrough.players.app import WEB

ROOT = Path(__file__).parents[3]
LARGEST = 50 * 1024
TYPED = """
FairPlayEme.install({ provisioning: 'http://127.0.0.1:8001/_sim/provisioning', device: 'device A', only: true });
for (const event of FairPlayEme.events) if (event.type === 'key') console.log(event.iv, event.duration?.lease);
FairPlayEme.openCkc(new Uint8Array(), { sk: '', r1: '', anti_replay_seed: '' }).then(({ contentKey }) => contentKey);
FairPlayEme.install({ sees: 'no such option' });
"""


def test_it_stays_small_and_depends_on_nothing() -> None:
    text = SCRIPT.read_bytes()
    assert len(text) < LARGEST
    assert not re.search(rb"\b(import|require|export)\b *[({'\"*]", text)
    sizes = f"{len(text) / 1024:.0f} KB, {len(gzip.compress(text)) / 1024:.0f} KB gzipped"
    assert sizes in (ROOT / "README.md").read_text(), sizes


@pytest.mark.parametrize("page", ["raw", "hlsjs", "shaka", "videojs"])
def test_the_docs_show_what_the_pages_run(page: str) -> None:
    text = (WEB / f"{page}.html").read_text()
    (shown,) = re.findall(r"^  // docs: [^\n]*\n(.*?)^  // end$", text, re.DOTALL | re.MULTILINE)
    assert f"```js\n{textwrap.dedent(shown)}```" in (ROOT / "docs" / "web-players.md").read_text()


def test_the_docs_show_what_node_runs() -> None:
    text = (PLAYERS / "node-suite.mjs").read_text()
    (shown,) = re.findall(r"^  // docs: [^\n]*\n(.*?)^  // end$", text, re.DOTALL | re.MULTILINE)
    assert f"```js\n{textwrap.dedent(shown)}```" in (ROOT / "docs" / "web-players.md").read_text()


def test_the_docs_show_what_all_pages_have() -> None:
    text = (WEB / "entitlement.js").read_text()
    shown = text[text.index("async function entitle") :]
    assert f"```js\n{shown}```" in (ROOT / "docs" / "web-players.md").read_text()


def test_the_readmes_ten_lines_are_green(browser: Browser) -> None:
    example = ROOT / "examples" / "web-player"
    test = (example / "test_web_player.py").read_text()
    shown = test[test.index("def ") :]
    assert len(shown.splitlines()) - shown.count("\n\n") == 10
    assert f"```python\n{shown}```" in (ROOT / "README.md").read_text()
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"]
    result = subprocess.run(command, cwd=example, capture_output=True, text=True, check=False)
    assert "1 passed" in result.stdout, result.stdout + result.stderr


def test_the_mock_gives_it_out(expressplay: RunningExpressPlay) -> None:
    answer = requests.get(f"{expressplay.url}/_sim/fairplay-eme.js", timeout=10)
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert answer.content == SCRIPT.read_bytes()


def test_npm_packs_script_and_types_alone(tmp_path: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("no npm: install the packages nodejs and npm")
    command = [npm, "pack", "--json", "--pack-destination", str(tmp_path), str(SCRIPT.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    packed = json.loads(done.stdout)
    (name,) = [one["filename"] for one in (packed.values() if isinstance(packed, dict) else packed)]
    with tarfile.open(tmp_path / name) as archive:
        names = {Path(member).name for member in archive.getnames()}
    assert names == {"package.json", "fairplay-eme.js", "fairplay-eme.d.ts"}


@pytest.mark.usefixtures("players")
def test_playwright_in_node_uses_the_package(pages: PlayerPages, cookie: str, browser: Browser) -> None:
    node = shutil.which("node")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert node  # npm, which the fixture `players` found, runs on it
    assert chromium
    command = [node, str(PLAYERS / "node-suite.mjs"), pages.url, chromium, cookie]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    lines = result.stdout.splitlines()
    assert lines[:2] == ["device A dummy: plays", "device A film: plays"], result.stdout + result.stderr
    assert "-9003" in lines[2]


@pytest.mark.usefixtures("players")
def test_the_types_fit_their_use(tmp_path: Path) -> None:
    (tmp_path / "use.ts").write_text(TYPED)
    compiler = PLAYERS / "node_modules" / ".bin" / "tsc"
    types = SCRIPT.with_suffix(".d.ts")
    options = ["--noEmit", "--strict", "--target", "esnext", "--lib", "esnext,dom", "--types", ""]
    command = [str(compiler), *options, str(types), str(tmp_path / "use.ts")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    complaints = result.stdout.splitlines()
    assert len(complaints) == 1, result.stdout  # the last line is wrong, and nothing else
    assert "'sees' does not exist in type 'Options'" in complaints[0]


def test_the_fixture_gives_a_browser_with_fairplay(
    browser: Browser, safari: Safari, sees: RunningSees, expressplay: RunningExpressPlay
) -> None:
    page = safari("device A").new_page()
    page.goto(f"{sees.url}/titles")
    assert page.evaluate("navigator.vendor") == "Apple Computer, Inc."
    assert page.evaluate("navigator.userAgentData") is None
    asked = """keySystem => navigator.requestMediaKeySystemAccess(keySystem, [{
        initDataTypes: ['skd', 'cenc'], videoCapabilities: [{contentType: 'video/mp4; codecs="avc1.42E01E"'}]}])
        .then((access) => access.keySystem, (error) => error.name)"""
    for key_system in ("com.apple.fps", "com.apple.fps.1_0", "com.apple.fps.2_0", "com.apple.fps.3_0"):
        assert page.evaluate(asked, key_system) == key_system
    for other in ("com.widevine.alpha", "org.w3.clearkey", "com.apple.fps.9_0"):
        assert page.evaluate(asked, other) == "NotSupportedError"
    generous = safari("device A", only=False, legacy=False, identity=False).new_page()
    generous.goto(f"{sees.url}/titles")
    assert generous.evaluate(asked, "org.w3.clearkey") == "org.w3.clearkey"
    assert generous.evaluate("typeof WebKitMediaKeys") == "undefined"

    plain = browser.new_page()
    plain.goto(f"{sees.url}/titles")
    assert plain.evaluate(asked, "com.apple.fps") == "NotSupportedError"
    plain.close()
