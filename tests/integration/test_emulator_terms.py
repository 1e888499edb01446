"""Terms as customers sell them: dual expiry, kept licenses renewed, clients that do not renew, protected outputs."""

import base64
import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result
from fixed_answer import FixedAnswer, answering
from real_services import AUTHENTICATOR, services

from emulator.cli import main
from emulator.kept_titles import LICENSES
from server.catalog import CONTENT, load_catalog

FILM = load_catalog(CONTENT / "catalog.toml").titles["film"]
CEK, IV = FILM.keys[0].cek, FILM.keys[0].iv
DAY, HOUR = 86_400, 3_600


@pytest.fixture(scope="module")
def urls() -> Iterator[tuple[str, str]]:
    with services() as both:
        yield both


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def where(urls: tuple[str, str], cookie: str) -> tuple[str, ...]:
    return ("--sees", urls[0], "--expressplay", urls[1], "--cookie", cookie)


def token_url(urls: tuple[str, str], *extensions: str) -> str:
    asked = {"customerAuthenticator": AUTHENTICATOR, "contentKey": CEK, "iv": IV, "fpExtension": list(extensions)}
    return requests.post(f"{urls[1]}/hms/fp/token", data=asked, timeout=10).text.strip()


def film(urls: tuple[str, str]) -> str:
    return f"{urls[0]}/titles/film/master.m3u8"


def dual(storage: int, playback: int) -> str:
    return "dual," + base64.b64encode(struct.pack(">II", storage, playback)).decode()


def offline(state: Path, clock: float, *more: str) -> Result:
    return run("play", "--offline", "--state", str(state), "--clock", str(clock), *more)


@pytest.mark.parametrize("version", ["1", "2"])
def test_thirty_days_to_begin_and_48_hours_once_begun(urls: tuple[str, str], tmp_path: Path, version: str) -> None:
    token = token_url(urls, dual(30 * DAY, 48 * HOUR))
    kept = run(
        "play",
        film(urls),
        *where(urls, "dual"),
        "--token-url",
        token,
        "--state",
        str(tmp_path),
        "--offline-key",
        version,
    )
    assert (kept.exit_code, kept.stderr) == (0, "")
    assert offline(tmp_path, 30 * DAY - HOUR).exit_code == 0  # begun at the last hour …
    assert offline(tmp_path, 30 * DAY + 46 * HOUR).exit_code == 0  # … it goes on for 48 hours
    over = offline(tmp_path, 30 * DAY + 48 * HOUR)
    assert (over.exit_code, "-9114 stored key expired" in over.stderr) == (1, True)
    assert "time to play of the kept key" in over.stderr


def test_what_was_not_begun_in_time_does_not_begin(urls: tuple[str, str], tmp_path: Path) -> None:
    token = token_url(urls, dual(30 * DAY, 48 * HOUR))
    run("play", film(urls), *where(urls, "late"), "--token-url", token, "--state", str(tmp_path), "--offline-key", "2")
    assert "-9114 stored key expired" in offline(tmp_path, 30 * DAY + 60).stderr


def test_a_device_without_offline_keys_gets_the_shorter_end(urls: tuple[str, str], tmp_path: Path) -> None:
    token = token_url(urls, dual(30 * DAY, 48 * HOUR))
    run("play", film(urls), *where(urls, "plain"), "--token-url", token, "--state", str(tmp_path))
    assert offline(tmp_path, 48 * HOUR - 600).exit_code == 0
    assert "-9114" in offline(tmp_path, 48 * HOUR).stderr


def test_a_kept_license_is_renewed_without_its_playlist(urls: tuple[str, str], tmp_path: Path) -> None:
    rental = FILM.terms.rental_duration
    assert run("bind", *where(urls, "renew"), "--state", str(tmp_path)).exit_code == 0
    assert "fps-emulator renew" in offline(tmp_path, rental).stderr
    renewed = run("renew", *where(urls, "renew"), "--state", str(tmp_path), "--clock", str(rental))
    assert (renewed.exit_code, renewed.stderr) == (0, "")
    assert renewed.stdout.startswith("Renewed film-")
    assert offline(tmp_path, rental).exit_code == 0
    assert offline(tmp_path, 2 * rental).exit_code == 1


def test_a_renewal_is_bound_like_every_play(urls: tuple[str, str], tmp_path: Path) -> None:
    run("bind", *where(urls, "taken"), "--state", str(tmp_path))
    run("register", *where(urls, "taken"), "--device", "device B")
    refused = run("renew", *where(urls, "taken"), "--state", str(tmp_path))
    assert (refused.exit_code, "-9003" in refused.stderr) == (1, True)


def test_a_token_of_the_key_line_cannot_be_renewed(urls: tuple[str, str], tmp_path: Path) -> None:
    run("play", film(urls), *where(urls, "direct"), "--token-url", token_url(urls, "pers,"), "--state", str(tmp_path))
    assert "-9120 license not renewable" in run("renew", *where(urls, "direct"), "--state", str(tmp_path)).stderr


def test_altered_licenses_do_not_open(urls: tuple[str, str], tmp_path: Path) -> None:
    run("bind", *where(urls, "altered"), "--state", str(tmp_path))
    [sealed] = tmp_path.glob(f"*/{LICENSES}")
    whole = sealed.read_text()
    for altered in (whole[:-8], whole[:40] + ("A" if whole[40] != "A" else "B") + whole[41:], "", "é"):
        sealed.write_text(altered)
        assert "-9115 no such kept title" in offline(tmp_path, 0).stderr


def test_a_persistent_key_that_expires_during_playback_lets_it_go_on(urls: tuple[str, str], tmp_path: Path) -> None:
    beyond = str(FILM.terms.rental_duration + 60)
    played = run("bind", *where(urls, "during"), "--for", beyond)
    assert (played.exit_code, "Played: all 120" in played.stdout) == (0, True)
    run("bind", *where(urls, "during"), "--state", str(tmp_path))
    assert offline(tmp_path, float(beyond)).exit_code == 1


def test_a_client_that_does_not_renew_stops_at_the_leases_end(urls: tuple[str, str]) -> None:
    leased = (*where(urls, "no renewal"), "--title", "rotation", "--for", str(DAY))
    stopped = run("bind", *leased, "--no-renewal")
    assert stopped.exit_code == 1
    assert "-9111 lease ran out" in stopped.stderr
    assert "this client does not renew" in stopped.stderr
    issued = [row for row in stopped.stdout.splitlines() if " issued" in row]
    assert len(issued) == 3  # the registration, and one license for each key


@pytest.mark.parametrize(
    ("needed", "output", "plays"),
    [
        ("hdcp,Ag==", "1", True),
        ("hdcp,Ag==", "0", False),
        ("hdcp,AQ==", "0", True),
        ("hdcp,AQ==", "none", False),
        ("hdcp,AA==", "none", True),
        (None, "0", True),
        (None, "none", False),  # a license that says nothing asks for type 0
    ],
)
def test_a_license_that_asks_for_a_better_output_is_refused(
    urls: tuple[str, str], needed: str | None, output: str, plays: bool
) -> None:
    token = token_url(urls, *([needed] if needed else []))
    result = run("play", film(urls), *where(urls, "hdcp"), "--token-url", token, "--hdcp", output)
    assert result.exit_code == (0 if plays else 1)
    assert ("step 13: -9119 output not protected" in result.stderr) is not plays


def test_a_randomised_device_id_registers_and_is_refused_at_play(urls: tuple[str, str]) -> None:
    result = run("bind", *where(urls, "random"), "--randomise-device-id")
    assert result.exit_code == 1
    assert "step 12: ExpressPlay refused the license: -9003" in result.stderr
    assert "issued, registration" in result.stdout


def test_with_a_seed_of_the_apps_own_it_stays_and_binds(urls: tuple[str, str]) -> None:
    seeded = ("--randomise-device-id", "--device-id-seed", "00112233445566778899aabbccddeeff")
    assert run("bind", *where(urls, "seeded"), *seeded).exit_code == 0
    assert "-9003" in run("play", *where(urls, "seeded")).stderr  # the hardware's own is another
    assert "-9003" in run("play", *where(urls, "seeded"), *seeded[:2], "ff" * 16).stderr
    assert run("play", *where(urls, "seeded"), "--device-id-seed", "00" * 16).exit_code == 2


def test_the_numbers_of_a_foreign_sees_are_its_own(urls: tuple[str, str]) -> None:
    def deny() -> str:
        message = json.loads(foreign.asked[-1][2])["messageID"]
        denial = {"messageID": message, "version": 1, "isAllowed": False, "epTokenURL": ""}
        return json.dumps({**denial, "error": 7, "errorText": "the moon is in the wrong place"})

    foreign = FixedAnswer(deny)
    with answering(foreign) as sees:
        result = run("play", film(urls), "--sees", sees, "--expressplay", urls[1])
    assert result.exit_code == 1
    assert "7 the moon is in the wrong place" in result.stderr
    assert "viewers" not in result.stderr  # what our table says of a 7
    assert "ask whoever runs this SEES" in result.stderr


def test_bind_with_an_unknown_title_registers_nobody(urls: tuple[str, str]) -> None:
    result = run("bind", *where(urls, "nobody"), "--title", "nope")
    assert (result.exit_code, "-9107 unknown title" in result.stderr) == (1, True)
    assert "issued" not in result.stdout
    after = run("play", *where(urls, "nobody"))
    assert "6 device not registered" in after.stderr
