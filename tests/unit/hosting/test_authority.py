"""The throw-away authority: made once, kept while it is good, renewed when it is not, for its owner only."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from trustme import CA

from hosting.tls.authority import LIFETIME, RENEWAL, prepare
from hosting.tls.tls import ClientTls, TlsError, client_files

SERVICE = "sees-server"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    prepare(tmp_path / "tls", SERVICE, [], client_certificates=True)
    return tmp_path / "tls"


def read(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def certificate(directory: Path, name: str = SERVICE) -> x509.Certificate:
    return x509.load_pem_x509_certificate((directory / f"{name}.pem").read_bytes())


def hosts(directory: Path) -> set[str]:
    names = certificate(directory).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in names}


def test_its_subject_says_that_it_is_a_simulation(directory: Path) -> None:
    assert "SIMULATION" in certificate(directory, "ca").subject.rfc4514_string()
    for name in (SERVICE, "client"):
        certificate(directory, name).verify_directly_issued_by(certificate(directory, "ca"))


def test_all_is_for_the_owner_only(directory: Path) -> None:
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {name: stat.S_IMODE((directory / name).stat().st_mode) for name in read(directory)} == dict.fromkeys(
        ("ca.pem", "ca-key.pem", "client.pem", "client-key.pem", "sees-server.pem", "sees-server-key.pem"), 0o600
    )


def test_what_is_good_is_kept_by_later_starts(directory: Path) -> None:
    before = read(directory)
    prepare(directory, SERVICE, ["localhost"], client_certificates=True)
    assert read(directory) == before
    prepare(directory, "expressplay-mock", [], client_certificates=False)
    assert before.items() <= read(directory).items()


@pytest.mark.parametrize(
    ("left", "renewed"), [(RENEWAL + timedelta(days=1), False), (RENEWAL, True), (-LIFETIME, True)]
)
def test_a_certificate_that_runs_out_is_renewed(directory: Path, left: timedelta, renewed: bool) -> None:
    authority = CA.from_pem((directory / "ca.pem").read_bytes(), (directory / "ca-key.pem").read_bytes())
    end = datetime.now(UTC) + left
    made = authority.issue_cert("localhost", "127.0.0.1", "::1", not_before=end - LIFETIME, not_after=end)
    made.cert_chain_pems[0].write_to_path(directory / f"{SERVICE}.pem")
    made.private_key_pem.write_to_path(directory / f"{SERVICE}-key.pem")
    before = read(directory)
    prepare(directory, SERVICE, [], client_certificates=True)
    changed = {name for name, content in read(directory).items() if before[name] != content}
    assert changed == ({f"{SERVICE}.pem", f"{SERVICE}-key.pem"} if renewed else set())
    assert certificate(directory).not_valid_after_utc > datetime.now(UTC) + RENEWAL


def test_a_new_host_name_is_added(directory: Path) -> None:
    prepare(directory, SERVICE, ["sees.example"], client_certificates=True)
    prepare(directory, SERVICE, ["10.0.0.7"], client_certificates=True)
    assert hosts(directory) == {"localhost", "127.0.0.1", "::1", "sees.example", "10.0.0.7"}


@pytest.mark.parametrize("lost", [("ca.pem", "ca-key.pem"), ("sees-server.pem",), ("client-key.pem",)])
def test_what_is_lost_or_of_an_older_authority_is_made_anew(directory: Path, lost: tuple[str, ...]) -> None:
    for name in lost:
        (directory / name).unlink()
    prepare(directory, SERVICE, [], client_certificates=True)
    for name in (SERVICE, "client"):
        certificate(directory, name).verify_directly_issued_by(certificate(directory, "ca"))
    client_files(directory).context()


@pytest.mark.parametrize("content", [b"", b"no PEM", None])
@pytest.mark.parametrize("name", ["ca.pem", "ca-key.pem"])
def test_a_damaged_authority_is_one_clear_line(directory: Path, name: str, content: bytes | None) -> None:
    if content is None and name == "ca.pem":
        content = (directory / "client.pem").read_bytes()
    (directory / name).unlink() if content is None else (directory / name).write_bytes(content)
    with pytest.raises(TlsError, match="Delete the directory") as caught:
        prepare(directory, SERVICE, [], client_certificates=True)
    assert str(directory) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_services_that_start_at_the_same_time_have_one_authority(tmp_path: Path) -> None:
    names = [f"service-{number}" for number in range(8)]
    with ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(lambda name: prepare(tmp_path, name, [], client_certificates=False), names))
    for name in names:
        certificate(tmp_path, name).verify_directly_issued_by(certificate(tmp_path, "ca"))


@pytest.mark.parametrize("place", ["file", "file/tls"])
def test_a_place_that_is_a_file_is_one_clear_line(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TlsError, match=r"expected a directory, found a file.*--tls-dir$"):
        prepare(tmp_path / place, SERVICE, [], client_certificates=False)


def test_a_place_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(TlsError, match=r"writable, or name another with --tls-dir$"):
        prepare(tmp_path / ("x" * 300), SERVICE, [], client_certificates=False)


def test_a_host_that_no_certificate_can_name_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(TlsError, match="my_sees"):
        prepare(tmp_path, SERVICE, ["my_sees"], client_certificates=False)


def test_without_a_directory_a_client_has_nothing(tmp_path: Path) -> None:
    assert client_files(tmp_path / "nowhere") == ClientTls()


@pytest.mark.parametrize(
    ("name", "mode", "words"),
    [
        (".", 0o770, "nobody else can write it, found mode 770"),
        (".", 0o702, "nobody else can write it, found mode 702"),
        ("ca-key.pem", 0o640, "nobody else can read it, found mode 640"),
        ("client-key.pem", 0o604, "nobody else can read it, found mode 604"),
        (f"{SERVICE}-key.pem", 0o620, "nobody else can read it, found mode 620"),
    ],
)
def test_keys_that_others_could_have_read_or_put_there_are_refused(
    directory: Path, name: str, mode: int, words: str
) -> None:
    before = read(directory)
    (directory / name).chmod(mode)
    with pytest.raises(TlsError, match=words):
        prepare(directory, SERVICE, [], client_certificates=True)
    assert read(directory) == before
