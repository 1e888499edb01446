"""Playlists, media and license answers of somebody who wants the page to stop: each ends in the script's own words.

Nothing is timed. The playlists have the sizes at which a parser with a quadratic step takes minutes or hours.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from player_pages import TIMEOUT
from playwright.sync_api import Browser, Page, Route
from vectors import KEYS

from sees_testing.safari import SCRIPT

MASTER = '#EXTM3U\n#EXT-X-STREAM-INF:CODECS="avc1.42E01E"\nmedia.m3u8\n'
KEY_LINE = '#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT="com.apple.streamingkeydelivery",URI="skd://{}"\n'
MB = 1 << 20

PLAYLISTS: dict[str, tuple[str, str, str]] = {
    "a line without an end of names": (
        f"#EXTM3U\n#EXT-X-STREAM-INF:{'A' * (4 * MB - 100)}\nv.m3u8\n",
        "",
        "a master playlist",
    ),
    "a line of names and no values": (f"#EXTM3U\n#EXT-X-STREAM-INF:{'A=,' * MB}\nv.m3u8\n", "", "a master playlist"),
    "a line of blanks": (f'#EXTM3U\n#EXT-X-STREAM-INF:A={" " * (4 * MB - 100)}"\nv.m3u8\n', "", "a master playlist"),
    "a line of quotation marks": (
        f"#EXTM3U\n#EXT-X-STREAM-INF:{'A=' + chr(34) * (4 * MB - 100)}\n",
        "",
        "a master playlist",
    ),
    "a master playlist of 5 MB": ("#EXTM3U\n" + "#EXT-X-A\n" * (5 * MB // 9), "", f"expected at most {4 * MB} bytes"),
    "a media playlist of 5 MB": (MASTER, "#EXTM3U\n" + "#" * (5 * MB), f"expected at most {4 * MB} bytes"),
    "a million lines": (MASTER, "a\n" * MB, "a playlist of at most 400000 lines, found 1048576"),
    "too many segments": (MASTER, "#EXTINF:1,\n" + "a\n" * 50_001, "at most 50000 segments"),
    "too many keys": (MASTER, "".join(map(KEY_LINE.format, range(257))), "at most 256 keys"),
    "a long path before each address": (
        MASTER.replace("media", f"media/{'x' * 60_000}/a"),
        "#EXTINF:1,\n" + "a\n" * 1000,
        "characters of addresses",
    ),
    "no address behind the variant": (MASTER.replace("media.m3u8\n", ""), "", "the address behind, found none"),
    "an address that is none": (MASTER.replace("media", "http://["), "", "expected an address, found http://["),
    "no segment": (MASTER, "#EXTM3U\n", "a media playlist with segments, found none"),
    "no length of a segment": (MASTER, "#EXTM3U\na.mp4\n", "expected an EXTINF with seconds"),
    "a byte range of text": (MASTER, "#EXTINF:1,\n#EXT-X-BYTERANGE:all\na.mp4\n", "expected a byte range"),
}

NEW_BUFFER = """
    const box = (type, ...parts) => {
        const size = new DataView(new ArrayBuffer(4));
        size.setUint32(0, 8 + new Blob(parts).size);
        return new Blob([size, type, ...parts]);
    };
    const source = new MediaSource();
    const video = document.querySelector('video');
    video.src = URL.createObjectURL(source);
    await new Promise((opened) => source.addEventListener('sourceopen', opened, { once: true }));
    const buffer = source.addSourceBuffer('video/mp4; codecs="avc1.42E01E"');
    const bytes = async (blob) => new Uint8Array(await blob.arrayBuffer());
"""
LARGE_SINF = f"""async (size) => {{ {NEW_BUFFER}
    const zeros = (size) => new Uint8Array(size);
    const tenc = box('tenc', zeros(8), zeros(16).fill(7), Uint8Array.of(16), zeros(16));
    let all = box('sinf', box('schi', tenc), box('free', zeros(size)));
    all = box('stsd', zeros(8), box('encv', zeros(78), all));
    for (const type of ['stbl', 'minf', 'mdia', 'trak', 'moov']) all = box(type, all);
    video.addEventListener('encrypted', ({{ initDataType, initData }}) => {{
        window.announced = [initDataType, atob(JSON.parse(new TextDecoder().decode(initData)).sinf[0]).length];
    }});
    buffer.appendBuffer(await bytes(all));
}}"""
NESTED = f"""async (depth) => {{ {NEW_BUFFER}
    const boxes = new DataView(new ArrayBuffer(8 * depth));
    for (let n = 0; n < depth; n++) {{
        boxes.setUint32(8 * n, 8 * (depth - n));
        boxes.setUint32(8 * n + 4, 0x6d6f6f76); // moov
    }}
    const ended = new Promise((done) => buffer.addEventListener('updateend', done));
    buffer.appendBuffer(boxes);
    await ended;
    return buffer.updating;
}}"""
MANY_TRACKS = f"""async (count) => {{ {NEW_BUFFER}
    const moov = new DataView(new ArrayBuffer(8 + 40 * count));
    const begin = (at, size, type) => {{
        moov.setUint32(at, size);
        for (let n = 0; n < 4; n++) moov.setUint8(at + 4 + n, type.charCodeAt(n));
    }};
    begin(0, moov.byteLength, 'moov');
    for (let at = 8; at < moov.byteLength; at += 40) {{
        begin(at, 40, 'sinf');
        begin(at + 8, 32, 'tenc');
        moov.setUint32(at + 24, at); // a key id
    }}
    buffer.appendBuffer(moov);
    await new Promise((done) => setTimeout(done));
    return FairPlayEme.events.filter(({{ type }}) => type === 'encrypted').length;
}}"""
UPDATE = """async ([certificate, answer, times]) => {
    const wish = { initDataTypes: ['skd'], videoCapabilities: [{ contentType: 'video/mp4; codecs="avc1.42E01E"' }] };
    const keys = await (await navigator.requestMediaKeySystemAccess('com.apple.fps', [wish])).createMediaKeys();
    await keys.setServerCertificate(Uint8Array.fromBase64(certificate));
    const session = keys.createSession();
    const asked = session.generateRequest('skd', new TextEncoder().encode('skd://film'));
    const bytesOf = (text) => new TextEncoder().encode(text.replace('TEXT', 'x'.repeat(times)));
    const given = typeof answer === 'string' ? bytesOf(answer) : answer;
    if (times) await asked;
    while (!session.sessionId) await null;
    return session.update(given).then(() => 'taken', ({ name, message }) => [name, message]);
}"""


@pytest.fixture
def open_title(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open an empty page that has the script and a video; files are served by the end of their address."""
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        files: dict[str, str] = {}
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))

        def answer(route: Route) -> None:
            name = route.request.url.rpartition("/")[2]
            route.fulfill(content_type="text/html", body=files.get(name, "<!doctype html><video muted></video>"))

        page.route("**/*", answer)

        def open_(**given: str) -> Page:
            files.update({f"{name}.m3u8": text for name, text in given.items()})
            page.goto("http://127.0.0.1/")
            page.add_script_tag(path=SCRIPT)
            page.evaluate("ask => FairPlayEme.install({ provisioning: { ask } })", KEYS["ask"])
            return page

        yield open_
        page.unroute_all(behavior="wait")
        assert broken == []


@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_hostile_playlist_ends_in_a_sentence(open_title: Callable[..., Page], name: str) -> None:
    master, media, says = PLAYLISTS[name]
    page = open_title(master=master, media=media, a=media)
    page.evaluate("() => { document.querySelector('video').src = '/master.m3u8'; }")
    page.wait_for_function("FairPlayEme.events.some(({ type }) => type === 'warning')")
    (text,) = page.evaluate("FairPlayEme.events.map(({ text }) => text)")
    assert says in text
    assert len(text) < 2000


def test_a_handler_of_the_element_hears_once_what_is_announced(open_title: Callable[..., Page]) -> None:
    page = open_title()
    page.evaluate("() => { window.heard = 0; document.querySelector('video').onencrypted = () => window.heard++; }")
    page.evaluate(LARGE_SINF, 10)
    page.wait_for_function("window.announced")
    assert page.evaluate("window.heard") == 1


def test_a_large_sinf_is_announced(open_title: Callable[..., Page]) -> None:
    page = open_title()
    page.evaluate(LARGE_SINF, 300_000)
    page.wait_for_function("window.announced")
    kind, size = page.evaluate("window.announced")
    assert kind == "sinf"
    assert size > 300_000


@pytest.mark.parametrize("depth", [8, 8_000, 1_000_000])
def test_boxes_in_boxes_are_taken_as_the_browser_takes_them(open_title: Callable[..., Page], depth: int) -> None:
    assert open_title().evaluate(NESTED, depth) is False


def test_an_init_segment_has_a_number_of_tracks(open_title: Callable[..., Page]) -> None:
    assert open_title().evaluate(MANY_TRACKS, 3) == 3
    assert open_title().evaluate(MANY_TRACKS, 20_000) == 64


@pytest.mark.parametrize(
    ("answer", "name", "says"),
    [
        ('{"errorCode": -9003, "errorMessage": ', "FairPlayError", "found damaged JSON"),
        ('{"errorCode": -9003, "errorMessage": "TEXT"}', "FairPlayError", "refusal -9003 xxx"),
        ('{"errorCode": -9003, "errorMessage": "no", "hint": "TEXT"}', "FairPlayError", "refusal -9003 no"),
        ('{"errorCode": true, "errorMessage": "no"}', "FairPlayError", "found JSON"),
        ('{"errorCode": -9003, "errorMessage": {"toString": 1}}', "FairPlayError", "found JSON"),
        (
            '{"errorCode": -9003, "errorMessage": "no", "hint": {"toString": 1}, "cause": []}',
            "FairPlayError",
            "refusal",
        ),
        ("\0\0\0\1SIM1TEXTTEXT", "FairPlayError", "a payload length"),
        ("{TEXTTEXTTEXTTEXTTEXT", "FairPlayError", "damaged JSON"),
        (None, "TypeError", "an ArrayBuffer or a view of one, found null"),
        (1e12, "TypeError", "an ArrayBuffer or a view of one, found number"),
        ({"length": 1e12}, "TypeError", "an ArrayBuffer or a view of one, found object"),
    ],
)
def test_a_hostile_answer_is_refused_in_a_sentence(
    open_title: Callable[..., Page], answer: Any, name: str, says: str
) -> None:
    found = open_title().evaluate(UPDATE, [KEYS["rsa"]["v2"]["certificate"], answer, 600_000])
    assert found[0] == name
    assert says in found[1]
    assert len(found[1]) < 2000


def test_a_large_answer_is_refused_before_it_is_opened(open_title: Callable[..., Page]) -> None:
    found = open_title().evaluate(UPDATE, [KEYS["rsa"]["v2"]["certificate"], "TEXT", 5 * MB])
    assert found[0] == "FairPlayError"
    assert f"at most {4 * MB} bytes, found {5 * MB}" in found[1]


def test_an_answer_before_the_spc(open_title: Callable[..., Page]) -> None:
    found = open_title().evaluate(UPDATE, [KEYS["rsa"]["v2"]["certificate"], "anything that is long enough", 0])
    assert found == ["InvalidStateError", "update: expected an SPC before it, found none."]
