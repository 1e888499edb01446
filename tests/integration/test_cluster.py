"""Two mocks and two SEES on one PostgreSQL are one service: what one has written, the other knows."""

import secrets
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from stranger import Stranger

from benchmarks.cluster import NO_NGINX, Cluster, local_url, nginx_program, running_cluster
from benchmarks.postgres import Postgres
from benchmarks.workload import Connection, Workload, workload_of
from expressplay_mock.errors import Code

CATALOG = Path(__file__).resolve().parents[2] / "server" / "content" / "catalog.toml"
DUMMY, FILM = (tomllib.loads(CATALOG.read_text())["titles"][title]["keys"][0] for title in ("dummy", "film"))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="module")
def cluster(state: Path, postgres: Postgres) -> Iterator[Cluster]:
    with running_cluster(state, postgres, proxy=nginx_program() is not None) as running:
        yield running


@pytest.fixture(scope="module")
def workload(cluster: Cluster, state: Path) -> Workload:
    assert workload_of(state).credentials.account.authenticator == cluster.authenticator
    return workload_of(state)


def stranger(cluster: Cluster, number: int, device: bytes, cookie: str) -> Stranger:
    """Make a client that asks one SEES and one mock, by number."""
    return Stranger(cluster.sees[number].url, local_url(cluster.mocks[number]), device, cookie)


def redeem_at(client: Stranger, token_url: object) -> int:
    """Redeem a token at the client's own mock, wherever its URL leads; return the HTTP status."""
    query = str(token_url).partition("/hms/")[2]
    spc = client.message(FILM["content_id"]).seal()
    return client.redeem(f"{client.expressplay}/hms/{query}", spc).status_code


def test_who_registers_with_one_plays_with_the_other(cluster: Cluster) -> None:
    device, cookie = secrets.token_bytes(20), secrets.token_hex(16)
    first, second = (stranger(cluster, number, device, cookie) for number in (0, 1))
    first.register(DUMMY["content_id"])
    entitled = second.entitle(3, FILM["content_id"])
    assert entitled["isAllowed"], entitled
    assert redeem_at(second, entitled["epTokenURL"]) == 200
    thief = stranger(cluster, 0, secrets.token_bytes(20), cookie)
    assert redeem_at(thief, entitled["epTokenURL"]) == 403


def test_a_token_of_one_mock_opens_at_the_other(cluster: Cluster) -> None:
    device, cookie = secrets.token_bytes(20), secrets.token_hex(16)
    token_url = stranger(cluster, 0, device, cookie).entitle(2, DUMMY["content_id"])["epTokenURL"]
    assert redeem_at(stranger(cluster, 1, device, cookie), token_url) == 200


def test_of_registrations_at_once_all_sees_bind_to_the_same_one(cluster: Cluster) -> None:
    cookie = secrets.token_hex(16)
    clients = [stranger(cluster, number % 2, secrets.token_bytes(20), cookie) for number in range(8)]
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(lambda client: client.register(DUMMY["content_id"]), clients))
    bound = set()
    for client in clients:
        for sees in (0, 1):
            token_url = stranger(cluster, sees, client.device_id, cookie).entitle(3, FILM["content_id"])["epTokenURL"]
            if redeem_at(client, token_url) == 200:
                bound.add((client.device_id, sees))
    assert len(bound) == 2
    assert len({device for device, _ in bound}) == 1


def test_the_same_spc_sent_to_both_at_once_gets_one_license(cluster: Cluster, workload: Workload) -> None:
    def send(mock: int, request: bytes) -> int:
        with closing(Connection(local_url(cluster.mocks[mock]))) as connection:
            return connection.ask(request).status

    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            request = workload.redemption(workload.token(secrets.token_hex(16)), workload.spc("device"))
            statuses = list(pool.map(lambda mock, request=request: send(mock % 2, request), range(4)))
            assert sorted(statuses) == [200, 409, 409, 409]
    assert Code.REPLAYED.number == -9002


@pytest.mark.skipif(nginx_program() is None, reason=NO_NGINX)
def test_through_the_proxy_they_are_one_address(cluster: Cluster) -> None:
    assert cluster.sees_url is not None
    assert cluster.expressplay_url is not None
    client = Stranger(cluster.sees_url, cluster.expressplay_url, secrets.token_bytes(20), secrets.token_hex(16))
    client.register(DUMMY["content_id"])
    for _ in range(4):
        token_url = str(client.entitle(3, FILM["content_id"])["epTokenURL"])
        assert token_url.startswith(cluster.expressplay_url)
        assert client.redeem(token_url, client.message(FILM["content_id"]).seal()).status_code == 200
