"""The pytest plugin in a stranger's suite: what its fixtures do, and that it costs nothing where none is used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from certificates import Certificates

from emulator.errors import EntitlementDenied, LicenseRefused
from hosting.http_client import new_session
from sees_testing import (
    ExpressPlayOptions,
    StageError,
    StartError,
    running_expressplay,
    serving_process,
    virtual_device,
)

ROOT = Path(__file__).resolve().parents[2]
DEVICE_DIFFERS, TOKEN_EXPIRED, AUTHENTICATOR_INVALID = -9003, -4011, -2018


def run(*arguments: str, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | environment
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def test_a_binding_with_the_fixtures_alone(expressplay, sees, virtual_device) -> None:  # type: ignore[no-untyped-def]
    virtual_device.register(sees.url, sees.dummy, "alice")
    assert len(virtual_device.play(sees.url, sees.film, "alice").content.key) == 16
    with pytest.raises(LicenseRefused) as refusal:
        virtual_device.other("B").play(sees.url, sees.film, "alice")
    assert refusal.value.number == DEVICE_DIFFERS
    assert [record["device_id"] for record in expressplay.records("alice")] == [virtual_device.device_id]
    assert [record["result"] for record in expressplay.records()] == [DEVICE_DIFFERS, 0, 0]
    assert {entry["party"] for entry in expressplay.journal()} == {"expressplay", "log"}
    assert expressplay.journal("nobody") == []


def test_the_clock_moves_on_demand(expressplay, sees, virtual_device) -> None:  # type: ignore[no-untyped-def]
    token_url = virtual_device.entitle(sees.url, 2, sees.dummy, "alice")
    expressplay.advance(3600)
    with pytest.raises(LicenseRefused) as refusal:
        virtual_device.redeem(token_url, sees.dummy)
    assert refusal.value.number == TOKEN_EXPIRED
    expressplay.reset()
    virtual_device.redeem(token_url, sees.dummy)


def test_it_fails_on_demand(expressplay, sees, virtual_device) -> None:  # type: ignore[no-untyped-def]
    expressplay.fault("refuse", at="token", code=AUTHENTICATOR_INVALID)
    with pytest.raises(EntitlementDenied, match=str(AUTHENTICATOR_INVALID)):
        virtual_device.register(sees.url, sees.dummy, "alice")
    expressplay.clear_faults()
    virtual_device.register(sees.url, sees.dummy, "alice")
    with pytest.raises(StageError, match="refuse"):
        expressplay.fault("refuze", at="token")


def test_no_repr_holds_a_secret(expressplay, virtual_device) -> None:  # type: ignore[no-untyped-def]
    text = repr(expressplay) + repr(virtual_device)
    assert expressplay.url in text
    assert virtual_device.device_id in text
    assert expressplay.authenticator not in text
    assert virtual_device.device.provisioning.ask.hex() not in text


def test_every_test_has_a_mock_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "test_two.py").write_text(
        "import pytest\n"
        "urls = []\n"
        "@pytest.mark.parametrize('turn', [0, 1])\n"
        "def test_new(turn, expressplay, sees, virtual_device):\n"
        "    assert expressplay.records() == []\n"
        "    virtual_device.register(sees.url, sees.dummy, 'alice')\n"
        "    urls.append(expressplay.authenticator)\n"
        "    assert len(set(urls)) == 1\n"
    )
    result = run("-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", folder=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "2 passed" in result.stdout


def test_a_server_module_of_the_suite_is_named(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text("app = None\n")
    (tmp_path / "test_it.py").write_text("def test_it(sees): pass\ndef test_mock(expressplay, virtual_device): pass\n")
    result = run("-m", "pytest", "-q", "-p", "no:cacheprovider", folder=tmp_path)
    assert "1 passed, 1 error" in result.stdout
    assert f"expected the package server of this project, found {tmp_path / 'server.py'}. Fix: rename" in result.stdout


def test_a_suite_that_uses_no_fixture_imports_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_none.py").write_text(
        "import sys\n"
        "def test_none():\n"
        "    ours = {'fairplay', 'simulation', 'expressplay_mock', 'server', 'emulator', 'flask', 'requests'}\n"
        "    assert ours & set(sys.modules) == set()\n"
        "    assert [name for name in sys.modules if name.startswith('sees_testing.')] == ['sees_testing.plugin']\n"
    )
    # Other plugins of this environment are left out: they import what they like.
    options = ("-p", "sees_testing.plugin", "-p", "no:cacheprovider")
    result = run("-m", "pytest", "-q", *options, folder=tmp_path, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_example_is_green_by_its_own_command() -> None:
    readme = (ROOT / "examples" / "own-sees" / "README.md").read_text()
    [command] = [line.removeprefix("$ ") for line in readme.splitlines() if line.startswith("$ ")]
    program, *arguments = command.split()
    assert program == ".venv/bin/pytest"
    result = run("-m", "pytest", *arguments, "-q", "-p", "no:cacheprovider")
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_mock_is_as_the_suite_wants_it(tmp_path: Path) -> None:
    (tmp_path / "accounts.toml").write_text(
        '[[accounts]]\nauthenticator = "7,00112233445566778899aabbccddeeff"\nenvironment = "production"\n'
    )
    (tmp_path / "keys.toml").write_text('[keys]\n"^film" = "00112233445566778899aabbccddeeff"\n')
    (tmp_path / "test_it.py").write_text(
        "import requests\n"
        "def test_it(expressplay):\n"
        "    assert expressplay.authenticator.startswith('7,')\n"
        "    order = {'customerAuthenticator': expressplay.authenticator, 'kid': '^film', 'iv': '00' * 16}\n"
        "    assert requests.post(expressplay.url + '/hms/fp/token', data=order).status_code == 200\n"
        "    assert 'v1' not in requests.get(expressplay.url + '/_sim/provisioning').json()\n"
    )
    options = ("--expressplay-accounts=accounts.toml", "--expressplay-key-storage=keys.toml")
    more = ("--expressplay-environment=production", "--expressplay-spc-versions=2", "-p", "no:cacheprovider")
    result = run("-m", "pytest", "-q", *options, *more, folder=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_mock_speaks_tls_where_the_suite_says_so(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path / "authority")
    options = ExpressPlayOptions(tls=certificates.server(), client_tls=certificates.client())
    with running_expressplay(options=options) as expressplay:
        assert expressplay.url.startswith("https://")
        assert expressplay.records() == []
        with virtual_device(expressplay.url, tls=certificates.client()) as device:
            assert len(device.device_id) == 40


def test_a_program_is_waited_for_until_it_is_ready(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path / "authority")
    tls = certificates.server()
    program = tmp_path / "program.py"
    program.write_text(
        "import http.server, ssl, sys\n"
        "port, certificate, key = sys.argv[1:]\n"
        "asked = 0\n"
        "class Handler(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        global asked\n"
        "        asked += 1\n"
        "        self.send_response(200 if asked > 2 and self.path == '/ready' else 503)\n"
        "        self.end_headers()\n"
        "    def log_message(self, *_): pass\n"
        "server = http.server.HTTPServer(('127.0.0.1', int(port)), Handler)\n"
        "context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n"
        "context.load_cert_chain(certificate, key)\n"
        "server.socket = context.wrap_socket(server.socket, server_side=True)\n"
        "server.serve_forever()\n"
    )
    argv = [sys.executable, str(program), "{port}", str(tls.certificate), str(tls.key)]
    client = certificates.client()
    with (
        serving_process(argv, {}, scheme="https", ready="/ready", tls=client, stderr=subprocess.DEVNULL) as url,
        new_session(client) as session,
    ):
        assert session.get(f"{url}/ready", timeout=10).status_code == 200
    with (
        pytest.raises(StartError, match="after 0"),
        serving_process(argv, {}, scheme="https", ready="/never", tls=client, timeout=0.2, stderr=subprocess.DEVNULL),
    ):
        pass
