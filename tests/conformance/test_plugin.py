"""The pytest plugin in a stranger's suite: what its fixtures do, and that it costs nothing where none is used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.errors import EntitlementDenied, LicenseRefused
from sees_testing.expressplay import StageError

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
