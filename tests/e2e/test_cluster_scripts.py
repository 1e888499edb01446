"""scripts/cluster and scripts/crash as a user runs them."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from benchmarks.cluster import NO_NGINX, nginx_program
from benchmarks.postgres import why_no_postgres
from hosting.process import running_program

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(bool(why_no_postgres()), reason=str(why_no_postgres()))


def script(name: str, *options: str) -> list[str]:
    return [sys.executable, str(ROOT / "scripts" / name), *options]


@pytest.mark.skipif(nginx_program() is None, reason=NO_NGINX)
def test_a_cluster_serves_at_the_addresses_that_it_prints_until_ctrl_c() -> None:
    with running_program(script("cluster"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as cluster:
        assert cluster.stdout
        lines = []
        for line in cluster.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        shown = "".join(lines)
        urls = re.findall(r"http://[\d.:]+", "".join(line for line in lines if not line.startswith("try it")))
        answers = {url: requests.get(f"{url}/_sim/health", timeout=10).status_code for url in urls}
        cluster.send_signal(signal.SIGINT)
        _, errors = cluster.communicate(timeout=300)
    assert (cluster.returncode, errors) == (0, "")
    assert len(answers) == 6, shown
    assert set(answers.values()) == {200}
    for url in answers:
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{url}/_sim/health", timeout=10)


def test_a_crash_run_reports_that_nothing_was_lost() -> None:
    command = script("crash", "--kills", "1", "--database-kills", "1")
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    lost = re.findall(r"1 kills of (?:the mock on )?(\w+): [1-9]\d* acknowledged, (\d+) lost", run.stdout)
    assert lost == [("SQLite", "0"), ("PostgreSQL", "0"), ("PostgreSQL", "0")]
