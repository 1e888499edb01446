"""The OpenAPI documents as others use them: a public linter finds nothing, and a generated client really works.

The generators come from npm: `npm ci` in tests/contract/generated_client brings them. Skipped without them.
"""

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from emulator.device import make_spc
from sees_testing.device import VirtualDevice
from sees_testing.expressplay import RunningExpressPlay
from sees_testing.sees import RunningSees

HERE = Path(__file__).parent / "generated_client"
MODULES = HERE / "node_modules"
DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "openapi"
SERVICES = ("expressplay-mock", "sees-server")

pytestmark = pytest.mark.skipif(
    not MODULES.is_dir() or shutil.which("node") is None, reason="needs node, and `npm ci` in generated_client/"
)


def run(program: str, *arguments: str, cwd: Path, given: str = "") -> str:
    """Run a program of the npm packages; return what it printed."""
    command = [str(MODULES / ".bin" / program)] if program != "node" else ["node"]
    done = subprocess.run(
        [*command, *arguments], cwd=cwd, input=given, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_public_linter_finds_nothing(tmp_path: Path) -> None:
    documents = [str(DOCUMENTS / f"{service}.json") for service in SERVICES]
    run("redocly", "lint", "--config", str(DOCUMENTS / "redocly.yaml"), "--max-problems=0", *documents, cwd=tmp_path)


def test_a_generated_client_registers_and_looks_up_a_device(
    tmp_path: Path, expressplay: RunningExpressPlay, sees: RunningSees, virtual_device: VirtualDevice
) -> None:
    for name in ("client.ts", "package.json", "tsconfig.json"):
        shutil.copy(HERE / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    for service in SERVICES:
        run("openapi-typescript", str(DOCUMENTS / f"{service}.json"), "--output", f"{service}.ts", cwd=tmp_path)
    run("tsc", "--project", ".", cwd=tmp_path)
    spc, _ = make_spc(virtual_device.device, sees.dummy)
    given = {
        "sees": sees.url,
        "expressplay": expressplay.url,
        "authenticator": expressplay.authenticator,
        "dummy": sees.dummy,
        "cookie": "alice",
        "spc": base64.b64encode(spc).decode(),
    }
    said = json.loads(run("node", "made/client.js", cwd=tmp_path, given=json.dumps(given)))
    assert said == {"allowed": True, "license": 200, "device": virtual_device.device_id}
