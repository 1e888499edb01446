"""SEES and small apps as processes of their own: the start, the ready line, and every way to end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from stubbed_sees import AUTHENTICATOR, CATALOG

from hosting.process import StartError, module_command, running_program, start

SEES = [sys.executable, "-m", "server", "serve", "--expressplay", "http://127.0.0.1:1"]
WITH_AUTHENTICATOR = os.environ | {"SEES_AUTHENTICATOR": AUTHENTICATOR}
TINY_APP = """
import os, signal, sys, threading
from flask import Flask
from hosting import limits
from simulation.journal import Journal
from simulation.clock import Clock
from simulation.routes import sim_routes
from hosting.serving import serve

limits.END_TIMEOUT = 0.1

def health():
    if "unhealthy" in sys.argv:
        raise OSError("the log does not answer")

def build(url):
    app = Flask("tiny", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 1000
    journal = Journal("tiny", Clock())
    app.register_blueprint(sim_routes(service="tiny", version="1", journal=journal, health=health, clock=None,
                                      on_reset=None, enabled=False))

    @app.get("/never-ends")
    def never_ends():
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait()

    return app

import click
try:
    serve(build, service="tiny", host="127.0.0.1", port=0, announce=lambda: {"more": "told"}, until_stdin_closes=True)
except click.ClickException as error:
    error.show()
    sys.exit(1)
"""


def get(url: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=20)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_announces_itself_and_ends_cleanly(ending: signal.Signals) -> None:
    with start(SEES, env=WITH_AUTHENTICATOR) as sees:
        assert sees.ready == {"service": "sees-server", "url": sees.url}
        health = get(f"{sees.url}/_sim/health")
        assert (health.status_code, health.json()["status"]) == (200, "ok")
        sees.process.send_signal(ending)
        assert sees.process.wait(20) == 0
    assert sees.log() == ""


def test_logs_requests_without_query_and_secrets() -> None:
    with start([*SEES, "--log-level", "debug"], env=WITH_AUTHENTICATOR) as sees:
        message = {"messageID": "m", "version": 1, "requestType": 3, "customerCookie": "alice"}
        with requests.Session() as session:
            session.trust_env = False
            for title in ("c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d", "other"):
                session.post(f"{sees.url}/sees/SEESServlet?q=5ec7e7", json=message | {"contentID": title}, timeout=20)
        get(f"{sees.url}/no%0Awhere?q=5ec7e7")
    assert "POST /sees/SEESServlet 503" in sees.log()
    assert r"GET /no\nwhere 404" in sees.log()
    assert "5ec7e7" not in sees.log()
    assert AUTHENTICATOR not in sees.log()


def test_ends_when_its_starter_is_killed() -> None:
    starter = (
        "import sys, threading; from hosting.process import start;"
        "print(start(sys.argv[1:]).process.pid, flush=True); threading.Event().wait()"
    )
    with running_program(
        [sys.executable, "-c", starter, *SEES], stdout=subprocess.PIPE, env=WITH_AUTHENTICATOR
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        process.kill()
    assert ended(pid)


def ended(pid: int) -> bool:
    """Wait until no process of this id runs any more (one that nobody has waited for yet has ended)."""
    for _ in range(20_000):
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
        if state.stdout.strip() in {"", "Z", "Zs"}:
            return True
    return False


def test_port_taken() -> None:
    with start(SEES, env=WITH_AUTHENTICATOR) as sees:
        port = sees.url.rsplit(":", 1)[1]
        refused = run([*SEES, "--port", port])
    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        f"Error: cannot listen on 127.0.0.1 port {port}: Address already in use. "
        "Choose another with --port, or 0 for any free one."
    ]
    assert refused.stdout == ""


def run(command: list[str], **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=WITH_AUTHENTICATOR | environment,
        stdin=subprocess.DEVNULL,
    )


def test_bad_catalog_is_one_line(tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(CATALOG.replace("token_lifetime = 300", "token_lifetime = 0", 1))
    refused = run([*SEES, "--catalog", str(catalog)])
    assert refused.returncode == 1
    assert refused.stderr == (
        f"Error: catalog {catalog}: titles.dummy: token_lifetime: expected 1 to 2592000 seconds, found 0\n"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give --expressplay, or --token-url and --records-url"),
        (["--token-url", "http://127.0.0.1:1"], "give --expressplay"),
        (["--expressplay", "127.0.0.1:8080"], "expected http://host:port"),
        (["--expressplay", "http://"], "expected http://host:port"),
        (["--expressplay", "http://host:port"], "expected http://host:port"),
        (["--expressplay", "ftp://host"], "expected http://host:port"),
        (["--expressplay", "http://me:pw@host"], "without user name"),
        (["--expressplay", "http://host/?a=b"], "without user name, query"),
        (["--expressplay", "http://host", "--port", "70000"], "65535"),
        (["--expressplay", "http://host", "--authenticator", ""], "--authenticator: expected"),
        (["--expressplay", "http://host", "--host", "no.such.invalid"], "cannot listen on no.such.invalid"),
        (["--expressplay", "http://host", "--host", "no.such.invalid"], "Choose another with --host"),
        (["--expressplay", "http://host", "--host", "192.0.2.1"], "Choose another with --host"),
    ],
)
def test_wrong_options(arguments: list[str], words: str) -> None:
    refused = run([*SEES[:4], *arguments])
    assert refused.returncode in {1, 2}
    assert words in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.stderr


def test_a_missing_authenticator_is_told_with_its_variable() -> None:
    without = {name: value for name, value in os.environ.items() if not name.startswith("SEES_")}
    refused = subprocess.run(SEES, env=without, capture_output=True, text=True, timeout=300, check=False)
    assert refused.returncode == 2
    assert "Missing option '--authenticator' (env var: 'SEES_AUTHENTICATOR'" in refused.stderr


def test_options_by_environment() -> None:
    environment = WITH_AUTHENTICATOR | {"SEES_SERVER_SERVE_EXPRESSPLAY": "http://127.0.0.1:1"}
    with start([*SEES[:4], "--no-sim", "--public-url", "https://sees.example/"], env=environment) as sees:
        assert sees.url == "https://sees.example"


def test_version() -> None:
    assert run([*SEES[:3], "--version"]).stdout.startswith("sees-server, version 0.")


@pytest.mark.parametrize("module", ["server", "expressplay_mock"])
def test_a_module_of_the_same_name_in_the_directory_hides_nothing(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (module, "hosting", "simulation"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a stranger of the same name')")
    monkeypatch.chdir(tmp_path)
    options = ["--expressplay=http://127.0.0.1:1"] if module == "server" else [f"--state={tmp_path}"]
    with start(module_command(module, "serve", "--port=0", *options), env=WITH_AUTHENTICATOR) as service:
        assert service.ready["url"] == service.url


def tiny(*arguments: str) -> list[str]:
    return [sys.executable, "-c", TINY_APP, *arguments]


def test_ready_line_can_say_more() -> None:
    with start(tiny()) as service:
        assert service.ready["more"] == "told"
        assert "told" not in repr(service)
        assert service.stop() == 0
        assert service.stop() == 0


def test_unhealthy_service_says_why() -> None:
    with pytest.raises(StartError, match="status 1") as caught:
        start(tiny("unhealthy"))
    assert "Error: tiny is not ready: the log does not answer" in str(caught.value)


def test_request_that_never_ends_does_not_hold_up_the_end() -> None:
    with start(tiny()) as service:
        with pytest.raises(requests.ConnectionError):
            get(f"{service.url}/never-ends")
        assert service.process.wait(20) == 0


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("print('hello')", "status 0"),
        ("import sys; sys.exit('a reason')", "a reason"),
        ("import threading; threading.Event().wait()", "no ready line within 0.5 s"),
    ],
)
def test_what_is_no_service(program: str, words: str) -> None:
    with pytest.raises(StartError, match=words):
        start([sys.executable, "-c", program], timeout=0.5 if "wait" in program else 30)


def test_program_that_is_not_there() -> None:
    with pytest.raises(StartError, match="No such file"):
        start(["/no/such/program"])
