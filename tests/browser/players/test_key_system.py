"""The key system as pages see it: what it takes, what it refuses, and that it is the emulator's device."""

import pytest
from player_pages import PlayerPages, play, wait_for_log, wait_until_it_plays
from real_services import AUTHENTICATOR

from sees_testing.device import virtual_device
from server.catalog import CONTENT

DECODING_INFO = """async ([keySystem, more]) => {
    const { supported, keySystemAccess } = await navigator.mediaCapabilities.decodingInfo({
        type: 'media-source',
        video: { contentType: 'video/mp4; codecs="avc1.42E01E"', width: 320, height: 180, bitrate: 1e5, framerate: 24 },
        keySystemConfiguration: { keySystem, initDataType: 'sinf', video: { encryptionScheme: 'cbcs' }, ...more },
    });
    return [supported, keySystemAccess && keySystemAccess.keySystem];
}"""
ACCESS = """wish => navigator.requestMediaKeySystemAccess('com.apple.fps', [wish])
    .then((access) => access.getConfiguration(), (error) => error.name)"""
VIDEO = [{"contentType": 'video/mp4; codecs="avc1.42E01E"'}]


@pytest.mark.parametrize(
    ("key_system", "more", "found"),
    [
        ("com.apple.fps", {}, [True, "com.apple.fps"]),
        ("com.widevine.alpha", {}, [False, None]),
        ("com.apple.fps", {"video": {"encryptionScheme": "cenc"}}, [False, None]),
        ("com.apple.fps", {"persistentState": "required"}, [False, None]),
        ("com.apple.fps", {"initDataType": "keyids"}, [False, None]),
    ],
)
def test_decoding_info(
    pages: PlayerPages, cookie: str, key_system: str, more: dict[str, object], found: object
) -> None:
    assert pages.open("raw", cookie).evaluate(DECODING_INFO, [key_system, more]) == found


@pytest.mark.parametrize(
    ("wish", "taken"),
    [
        ({"initDataTypes": ["skd", "keyids"], "videoCapabilities": VIDEO}, True),
        ({"initDataTypes": ["keyids"], "videoCapabilities": VIDEO}, False),
        ({"initDataTypes": ["sinf"]}, False),
        ({"videoCapabilities": [{"contentType": 'video/mp4; codecs="none.1"'}]}, False),
        ({"videoCapabilities": [{**VIDEO[0], "robustness": "HW_SECURE_ALL"}]}, False),
        ({"videoCapabilities": VIDEO, "sessionTypes": ["persistent-license"]}, False),
    ],
)
def test_configurations(pages: PlayerPages, cookie: str, wish: dict[str, object], taken: bool) -> None:
    found = pages.open("raw", cookie).evaluate(ACCESS, wish)
    assert found["initDataTypes"] == ["skd"] if taken else found == "NotSupportedError"


@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        ("cenc", "\0\0\0\x20pssh", "expected sinf or skd, found cenc"),
        ("keyids", '{"kids": []}', "expected sinf or skd, found keyids"),
        ("sinf", "no JSON", 'expected {"sinf"'),
        ("sinf", '{"sinf": ["AAAA"]}', 'expected {"sinf"'),
        ("skd", "x", "asset ID: expected 2 to 200 bytes, found 1"),
    ],
)
def test_init_data_that_fairplay_does_not_read(
    pages: PlayerPages, cookie: str, kind: str, data: str, says: str
) -> None:
    page = pages.open("raw", cookie)
    script = """async ([kind, data]) => {
        const wish = { videoCapabilities: [{ contentType: 'video/mp4; codecs="avc1.42E01E"' }] };
        const keys = await (await navigator.requestMediaKeySystemAccess('com.apple.fps', [wish])).createMediaKeys();
        await keys.setServerCertificate(await (await fetch('/_sim/fairplay.cer')).arrayBuffer());
        return keys.createSession().generateRequest(kind, new TextEncoder().encode(data)).catch(({message}) => message);
    }"""
    assert says in page.evaluate(script, [kind, data])
    wait_for_log(page, says)


def test_registered_by_the_emulator_played_in_the_browser(pages: PlayerPages, cookie: str) -> None:
    with virtual_device(pages.url, "device A") as emulated:
        emulated.register(pages.url, "4a1c2f0e-9d3b-4e57-8f60-1b7d5c0a92e4", cookie)
    page = pages.open("raw", cookie)
    play(page, "film")
    wait_until_it_plays(page)


def test_registered_in_the_browser_played_by_the_emulator(pages: PlayerPages, cookie: str) -> None:
    pages.register(cookie)
    with virtual_device(pages.url, "device A") as emulated:
        license_ = emulated.play(pages.url, "c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d", cookie)
    assert len(license_.content.key) == 16


@pytest.mark.parametrize(("certificate", "version"), [("/_sim/fairplay.cer", 2), ("/_sim/fairplay-v1.cer", 1)])
def test_the_mock_takes_spcs_of_both_versions(pages: PlayerPages, cookie: str, certificate: str, version: int) -> None:
    page = pages.open("raw", cookie, kind=2, certificate=certificate)
    play(page, "dummy")
    wait_until_it_plays(page)
    assert page.evaluate("FairPlayEme.events.find(({ type }) => type === 'certificate').version") == version


def test_no_event_holds_a_key(pages: PlayerPages, cookie: str) -> None:
    pages.register(cookie)
    page = pages.open("raw", cookie)
    play(page, "film")
    wait_until_it_plays(page)
    events = page.evaluate("JSON.stringify(FairPlayEme.events)")
    secrets = ("b6580f3ce2914ad7709d3bc81e5fa462", pages.provisioning()["ask"], AUTHENTICATOR)
    assert not [secret for secret in secrets if secret in events]
    assert "0e9a57d3c2684bf1a57f306ed1984bc2" in events  # the IV, so that the search would find them


def test_a_static_page_plays_hls_as_safari_does(pages: PlayerPages, cookie: str) -> None:
    page = pages.open("raw", cookie)
    assert page.evaluate("document.querySelector('video').canPlayType('application/vnd.apple.mpegurl')") == "maybe"
    page.evaluate(
        """() => { document.body.innerHTML = '<video muted><source src="/titles/film/master.m3u8"></video>'; }"""
    )
    page.wait_for_function("FairPlayEme.events.some(({ uri }) => uri?.startsWith('skd://'))")
    assert page.evaluate("document.querySelector('video').currentSrc").endswith("/titles/film/master.m3u8")


def test_codecs_may_have_a_blank_between_them(pages: PlayerPages, cookie: str) -> None:
    master = (CONTENT / "film" / "master.m3u8").read_text().replace(",mp4a", ", mp4a")
    assert ", mp4a" in master
    pages.register(cookie)
    page = pages.open("raw", cookie)
    page.route("**/titles/film/master.m3u8", lambda route: route.fulfill(body=master))
    play(page, "film")
    wait_until_it_plays(page)


def test_a_seek_beyond_what_is_buffered(pages: PlayerPages, cookie: str) -> None:
    pages.register(cookie)
    page = pages.open("raw", cookie)
    play(page, "film")
    wait_until_it_plays(page)
    page.evaluate("document.querySelector('video').currentTime = 4")
    wait_until_it_plays(page, 4.3)
    page.evaluate("document.querySelector('video').currentTime = 0.5")
    page.wait_for_function("(v => v.currentTime > 0.6 && v.currentTime < 3)(document.querySelector('video'))")
