"""The recipes for containers and CI: linters find nothing, and every command of theirs runs, without an engine."""

import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import requests
import yaml
from installed import environment

from hosting.process import running_program, start

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "Dockerfile"
COMPOSE = ROOT / "compose.yaml"
GITHUB = ROOT / "examples" / "ci" / "github-actions.yml"
GITLAB = ROOT / "examples" / "ci" / "gitlab-ci.yml"
SCHEMAS = {COMPOSE: "compose-spec", GITHUB: "github-workflows", GITLAB: "gitlab-ci"}
PORTS = ("8001", "8002", "8003")


def document(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def on_free_ports(text: str) -> str:
    """Put free ports in the place of those that a recipe names."""
    with ExitStack() as stack:
        for port in PORTS:
            taken = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            text = text.replace(port, str(taken.getsockname()[1]))
    return text


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_a_public_schema_has_nothing_against(path: Path) -> None:
    command = ["check_jsonschema", "--builtin-schema", f"vendor.{SCHEMAS[path]}", str(path)]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(shutil.which("hadolint", path=str(Path(sys.executable).parent)) is None, reason="needs hadolint")
def test_a_public_linter_has_nothing_against_the_dockerfile() -> None:
    program = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([program, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_serves_the_mock_and_knows_when_it_is_ready(binaries: Path, tmp_path: Path) -> None:
    text = on_free_ports(DOCKERFILE.read_text())
    health, serve = (shlex.split(given.replace(",", " ")) for given in re.findall(r"CMD \[(.*)\]", text))
    variables = environment(binaries, tmp_path, XDG_STATE_HOME=str(tmp_path / "state"))
    assert run(health, variables, tmp_path).returncode == 1
    with start([str(binaries / serve[0]), *serve[1:]], env=variables):
        assert run(health, variables, tmp_path).returncode == 0


def test_what_the_image_installs_is_there_to_install() -> None:
    [extras] = re.findall(r"pip install --no-cache-dir '\.\[(.*)\]'", DOCKERFILE.read_text())
    project = (ROOT / "pyproject.toml").read_text()
    assert all(re.search(rf"^{extra} = ", project, re.MULTILINE) for extra in extras.split(","))


def test_the_composed_services_find_each_other(binaries: Path, tmp_path: Path) -> None:
    services = yaml.safe_load(on_free_ports(COMPOSE.read_text()))["services"]
    with ExitStack() as stack:
        urls = {}
        for name, service in services.items():
            given = {key: str(value) for key, value in service.get("environment", {}).items()}
            variables = environment(binaries, tmp_path, XDG_STATE_HOME=str(tmp_path / "state"), **given)
            command = shlex.split(service["command"])
            urls[name] = stack.enter_context(start([str(binaries / command[0]), *command[1:]], env=variables)).url
            if "test" in service.get("healthcheck", {}):
                assert run(service["healthcheck"]["test"][1:], variables, tmp_path).returncode == 0
        page = requests.get(urls["page"].replace("0.0.0.0", "127.0.0.1"), timeout=10)
        assert page.status_code == 200
        bind = ["fps-emulator", "bind", *shlex.split(services["page"]["command"])[-4:], "--cookie", "alice"]
        assert run(bind, variables, tmp_path).returncode == 0


def run(command: list[str], variables: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    program = shutil.which(command[0], path=variables["PATH"])
    assert program is not None
    return subprocess.run(
        [program, *command[1:]], cwd=cwd, env=variables, capture_output=True, text=True, timeout=300, check=False
    )


def github_script() -> str:
    [job] = document(GITHUB)["jobs"].values()
    return "\n".join(step["run"] for step in job["steps"] if "run" in step)


def gitlab_script() -> str:
    [script] = document(GITLAB)["device-binding"]["script"]
    return str(script)


def commands(script: str) -> list[str]:
    return [line for line in script.splitlines() if line.strip() and not line.startswith("#")]


def test_both_recipes_have_the_same_commands_and_variables() -> None:
    assert commands(github_script()) == commands(gitlab_script())
    assert document(GITHUB)["env"] == document(GITLAB)["device-binding"]["variables"]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The recipe installs as its reader will: from a package index."""
    command = ["pip", "download", "--quiet", "--no-deps", "--dest", str(tmp_path_factory.mktemp("probe")), "click"]
    if subprocess.run([sys.executable, "-m", *command], capture_output=True, check=False).returncode:
        pytest.skip("needs a package index")


@pytest.mark.usefixtures("index")
def test_the_recipe_installs_starts_waits_and_judges(wheel: Path, tmp_path: Path) -> None:
    cache = str(Path.home() / ".cache")
    variables = {**document(GITHUB)["env"], "FAIRPLAY_DEVICE_BINDING": str(wheel), "XDG_CACHE_HOME": cache}
    # As both CI systems run it: every command must succeed.
    script = f"set -euo pipefail\n{on_free_ports(github_script())}"
    with running_program(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment(Path(sys.executable).parent, tmp_path, **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as done:
        try:
            said, _ = done.communicate(timeout=900)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(done.pid, signal.SIGTERM)
    assert done.returncode == 0, said
    suite = ElementTree.parse(tmp_path / "conform.xml").getroot()
    assert suite.find(".//testcase") is not None
    assert suite.find(".//failure") is None


def test_every_license_of_a_dependency_has_been_judged() -> None:
    done = subprocess.run([ROOT / "scripts" / "licenses"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cryptography" in done.stdout
