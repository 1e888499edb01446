"""--tls as its user meets it: processes that find each other's certificates, and a SEES that turns strangers away."""

import json
import os
import socket
import ssl
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from certificates import Certificates
from click.testing import CliRunner, Result

from emulator.cli import main as emulator
from expressplay_mock.cli import main as mock
from hosting.process import Service, StartError, start
from hosting.tls.authority import prepare
from hosting.tls.tls import ClientTls, client_files
from server.cli import main as sees

CONTENT, DUMMY = "c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d", "4a1c2f0e-9d3b-4e57-8f60-1b7d5c0a92e4"
SERVERS = {
    "one worker": ["-m", "server", "serve", "--tls"],
    "two workers": ["-m", "server", "serve", "--tls", "--workers=2"],
}
SILENT = 40
"""Connections that say nothing."""


@dataclass(frozen=True)
class Secured:
    """The mock, and one SEES for each way to serve, all over TLS and on one state home."""

    home: Path
    mock: Service
    sees: dict[str, Service]

    @property
    def directory(self) -> Path:
        """Where nobody was told to put the certificates."""
        return self.home / "fairplay-device-binding" / "tls"

    def emulator(self, *arguments: str, url: str = "", home: Path | None = None) -> Result:
        """Run fps-emulator; `home` is another one's state home."""
        environment = {
            "XDG_STATE_HOME": str(home or self.home),
            "FPS_EMULATOR_SEES": url or self.sees["one worker"].url,
            "FPS_EMULATOR_EXPRESSPLAY": self.mock.url,
        }
        return CliRunner().invoke(emulator, arguments, env=environment)


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "XDG_STATE_HOME": str(home)}
    with ExitStack() as stack:
        mock = stack.enter_context(start([sys.executable, "-m", "expressplay_mock", "serve", "--tls"], env=environment))
        environment["SEES_AUTHENTICATOR"] = mock.ready["authenticator"]
        options = [f"--expressplay={mock.url}", "--log-level=debug"]
        services = {
            name: stack.enter_context(start([sys.executable, *command, *options], env=environment))
            for name, command in SERVERS.items()
        }
        yield Secured(home, mock, services)


@pytest.fixture(params=SERVERS)
def one(request: pytest.FixtureRequest, secured: Secured) -> Service:
    """One SEES after the other."""
    return secured.sees[request.param]


def knock(url: str, tls: ClientTls, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bytes:
    """Ask for the titles with nothing but Python's own TLS; return the beginning of the answer."""
    context = ssl.create_default_context(cafile=tls.ca)
    context.maximum_version = newest
    if tls.certificate:
        context.load_cert_chain(tls.certificate, tls.key)
    port = int(url.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(b"GET /titles HTTP/1.0\r\n\r\n")
        return secure.recv(15)


def test_the_ready_line_says_where_the_files_are(secured: Secured) -> None:
    assert secured.mock.url.startswith("https://127.0.0.1:")
    assert secured.mock.ready["ca"] == str(secured.directory / "ca.pem")
    for service in secured.sees.values():
        assert service.url.startswith("https://127.0.0.1:")
        named = {name: service.ready[name] for name in ("ca", "client_certificate", "client_key")}
        assert named == {
            "ca": str(secured.directory / "ca.pem"),
            "client_certificate": str(secured.directory / "client.pem"),
            "client_key": str(secured.directory / "client-key.pem"),
        }
    for key in secured.directory.glob("*-key.pem"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_with_a_certificate_comes_in(secured: Secured, one: Service, newest: ssl.TLSVersion) -> None:
    assert knock(one.url, client_files(secured.directory), newest).endswith(b" 200 OK")


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("shows", ["nothing", "one of another authority", "one that has expired"])
def test_any_other_client_is_turned_away(
    secured: Secured, one: Service, shows: str, newest: ssl.TLSVersion, tmp_path: Path
) -> None:
    ca = secured.directory / "ca.pem"
    strangers = Certificates(tmp_path / "strangers")
    ours = Certificates(tmp_path / "ours", (ca, secured.directory / "ca-key.pem"))
    files = {
        "nothing": ClientTls(ca),
        "one of another authority": strangers.client(trusts=ours),
        "one that has expired": ours.client(expired=True),
    }
    with pytest.raises((ssl.SSLError, ConnectionError)):
        knock(one.url, files[shows], newest)
    assert "Traceback" not in one.log()


def test_plain_http_gets_no_answer(one: Service) -> None:
    with requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.ConnectionError):
            session.get(one.url.replace("https:", "http:") + "/titles", timeout=10)
    assert "Traceback" not in one.log()


def test_a_farewell_in_the_middle_of_a_body_is_its_end(secured: Secured, one: Service) -> None:
    tls = client_files(secured.directory)
    context = ssl.create_default_context(cafile=tls.ca)
    assert tls.certificate
    context.load_cert_chain(tls.certificate, tls.key)
    received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(received, to_send, server_hostname="127.0.0.1")
    with socket.create_connection(("127.0.0.1", int(one.url.rpartition(":")[2])), 20) as connection:

        def until_done(step: Callable[[], object]) -> None:
            while True:
                try:
                    step()
                    return
                except ssl.SSLWantReadError:
                    connection.sendall(to_send.read())
                    received.write(connection.recv(65_536))

        until_done(client.do_handshake)
        client.write(b"POST /sees/SEESServlet HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
        with pytest.raises(ssl.SSLWantReadError):
            client.unwrap()  # says that nothing more comes, and the connection stays open
        connection.sendall(to_send.read())
        while part := connection.recv(65_536):
            received.write(part)
    assert b"body cut off: expected 100 bytes, found 1" in client.read(65_536)


def test_clients_that_say_nothing_hold_nobody_up(secured: Secured, one: Service) -> None:
    address = ("127.0.0.1", int(one.url.rpartition(":")[2]))
    with ExitStack() as stack:
        for _ in range(SILENT):
            stack.enter_context(socket.create_connection(address, 10))
        assert knock(one.url, client_files(secured.directory)).endswith(b" 200 OK")


@pytest.mark.parametrize("name", SERVERS)
def test_the_binding_runs_over_it(secured: Secured, name: str, tmp_path: Path) -> None:
    recording = tmp_path / "run.json"
    cookie = f"cookie {name}"
    url = secured.sees[name].url
    run = secured.emulator("bind", "--cookie", cookie, "--recording", str(recording), url=url)
    assert "Played: all 120 video frames" in run.stdout, run.output
    steps = json.loads(recording.read_text())["steps"]
    assert all(step["url"].startswith("https://") for step in steps if "url" in step)
    replayed = secured.emulator("replay", str(recording), url=url)
    assert replayed.exit_code == 0, replayed.output


def test_the_conformance_kit_runs_over_it(secured: Secured) -> None:
    run = secured.emulator("conform", "--content", CONTENT, "--dummy", DUMMY, "--only", "11", "--only", "28")
    assert "2 checks: 2 passed" in run.stdout, run.output


def test_the_page_runs_over_it(secured: Secured) -> None:
    command = [sys.executable, "-m", "emulator", "serve", "--tls", f"--expressplay={secured.mock.url}"]
    environment = {**os.environ, "XDG_STATE_HOME": str(secured.home)}
    with (
        start([*command, f"--sees={secured.sees['one worker'].url}"], env=environment) as page,
        requests.Session() as session,
    ):
        session.trust_env = False
        session.verify = page.ready["ca"]
        assert page.ready.keys() == {"service", "url", "ca"}
        assert "FairPlay device binding" in session.get(page.url, timeout=10).text
        answer = session.post(f"{page.url}/api/devices/A/play", json={"title": "dummy"}, timeout=20)
        assert answer.json().get("licenses"), answer.text


@pytest.mark.parametrize(
    ("given", "found", "fix"),
    [
        ((), "an authority that is not trusted", "name its authority with --ca"),
        (("ca",), "turns away clients without a certificate", "--client-certificate and --client-key"),
        (("ca", "client-certificate"), "expected a certificate and its own private key", "check --ca"),
        (("client-certificate", "client-key"), "an authority that is not trusted", "name its authority with --ca"),
    ],
)
def test_a_missing_option_is_one_clear_line(
    secured: Secured, given: tuple[str, ...], found: str, fix: str, tmp_path: Path
) -> None:
    names = {"ca": "ca", "client-certificate": "client", "client-key": "client-key"}
    options = [word for name in given for word in (f"--{name}", str(secured.directory / f"{names[name]}.pem"))]
    run = secured.emulator("bind", *options, home=tmp_path)
    assert run.exit_code == 1
    assert "-9117 TLS failed" in run.stderr
    assert found in run.stderr
    assert fix in run.stderr
    assert len(run.stderr.splitlines()) == 1


def test_files_that_are_given_are_used(secured: Secured, tmp_path: Path) -> None:
    files = client_files(secured.directory)
    options = ["--ca", str(files.ca), "--client-certificate", str(files.certificate), "--client-key", str(files.key)]
    assert secured.emulator("register", "--cookie", "given", *options, home=tmp_path).exit_code == 0
    environment = {
        "FPS_EMULATOR_CA": str(files.ca),
        "FPS_EMULATOR_CLIENT_CERTIFICATE": str(files.certificate),
        "FPS_EMULATOR_CLIENT_KEY": str(files.key),
        "FPS_EMULATOR_SEES": secured.sees["one worker"].url,
        "FPS_EMULATOR_EXPRESSPLAY": secured.mock.url,
        "XDG_STATE_HOME": str(tmp_path),
    }
    assert CliRunner().invoke(emulator, ["register", "--cookie", "environment"], env=environment).exit_code == 0


def test_a_key_without_its_certificate_is_refused(secured: Secured) -> None:
    run = secured.emulator("bind", "--client-key", str(secured.directory / "client-key.pem"))
    assert run.exit_code == 2
    assert "--client-certificate" in run.stderr


def test_each_service_can_ask_for_its_health(secured: Secured, tmp_path: Path) -> None:
    url, home = secured.sees["one worker"].url, {"XDG_STATE_HOME": str(secured.home)}
    assert CliRunner().invoke(mock, ["health", "--url", secured.mock.url], env=home).exit_code == 0
    assert CliRunner().invoke(sees, ["health", "--url", url], env=home).exit_code == 0
    (tmp_path / "ca.pem").write_bytes((secured.directory / "ca.pem").read_bytes())
    for asked, options, words in (
        (url, ["--tls-dir", str(tmp_path / "nowhere")], "authority that is not trusted here. Fix: name the directory"),
        (url, ["--tls-dir", str(tmp_path)], "turns away clients without a certificate. Fix: name the directory"),
        (url.replace("https:", "http:"), [], "speaks TLS only. Fix: write https://"),
    ):
        refused = CliRunner().invoke(sees, ["health", "--url", asked, *options], env=home)
        assert refused.exit_code == 1
        assert words in refused.output


def test_sees_is_told_whom_to_trust_for_expressplay(secured: Secured, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "server", "serve", f"--expressplay={secured.mock.url}", f"--tls-dir={tmp_path}"]
    environment = {**os.environ, "SEES_AUTHENTICATOR": secured.mock.ready["authenticator"]}
    message = {"messageID": "m", "version": 1, "requestType": 2, "contentID": DUMMY, "customerCookie": "trust"}
    for options, status in ([], 503), ([f"--expressplay-ca={secured.directory / 'ca.pem'}"], 200):
        with start([*command, *options], env=environment) as sees, requests.Session() as session:
            session.trust_env = False
            assert session.post(f"{sees.url}/sees/SEESServlet", json=message, timeout=20).status_code == status
    (tmp_path / "file").write_text("no certificate")
    with pytest.raises(StartError, match=r"--expressplay-ca.*expected one or more certificates in PEM form"):
        start([*command, f"--expressplay-ca={tmp_path / 'file'}"], env=environment)


def test_a_later_start_uses_the_same_files(secured: Secured) -> None:
    before = {path: path.read_bytes() for path in secured.directory.iterdir()}
    command = [sys.executable, "-m", "expressplay_mock", "serve", "--tls", "--database=:memory:", "--seed=again"]
    with start(command, env={**os.environ, "XDG_STATE_HOME": str(secured.home)}) as again:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(f"{again.url}/_sim/health", verify=str(secured.directory / "ca.pem"), timeout=10)
        assert answer.status_code == 200
    assert {path: path.read_bytes() for path in secured.directory.iterdir()} == before


def test_a_public_name_is_in_the_certificate(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "expressplay_mock", "serve", "--tls", "--database=:memory:", "--seed=name"]
    with start([*command, "--public-url=https://expressplay.example:8443", f"--tls-dir={tmp_path}"]) as named:
        assert named.url == "https://expressplay.example:8443"
        context = client_files(tmp_path).context()
        address = ("127.0.0.1", int(named.ready["local_url"].rpartition(":")[2]))
        with (
            socket.create_connection(address, 10) as plain,
            context.wrap_socket(plain, server_hostname="expressplay.example"),
        ):
            pass


def test_a_directory_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    prepare(tmp_path, "expressplay-mock", [], client_certificates=False)
    (tmp_path / "ca-key.pem").write_text("damaged")
    command = [sys.executable, "-m", "expressplay_mock", "serve", "--tls", f"--tls-dir={tmp_path}"]
    with pytest.raises(StartError, match=r"Error: TLS directory .* Delete the directory"):
        start([*command, f"--state={tmp_path / 'state'}"])
