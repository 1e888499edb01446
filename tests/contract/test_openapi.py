"""The OpenAPI documents: every route is in them, and what they promise holds for whatever schemathesis sends."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from real_services import services
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from expressplay_mock import app as mock
from expressplay_mock.tokens.content_key import KEK_SIZES
from server import app as sees
from server.expressplay import ExpressPlayAccount

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "openapi"
AUTHENTICATOR = "100,0123456789abcdef0123456789abcdef"
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
Operation = APIOperation[Any, Any, Any, Any]
FEW = settings(
    max_examples=8 if settings.get_current_profile_name() == "fixed" else settings().max_examples,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def document(service: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DOCUMENTS / f"{service}.json").read_text())
    return loaded


def new_mock(url: str) -> Flask:
    return mock.create_app(mock.Config(public_url=url, authenticator=AUTHENTICATOR))


def new_sees(expressplay: str) -> Flask:
    return sees.create_app(sees.Config(ExpressPlayAccount(expressplay, expressplay, AUTHENTICATOR)))


@pytest.fixture(scope="module")
def urls() -> Iterator[dict[str, str]]:
    with services() as (entitlement, expressplay):
        yield {"expressplay-mock": expressplay, "sees-server": entitlement}


def routes_of(app: Flask) -> set[tuple[str, str]]:
    """Return the routes as OpenAPI writes them: path template and method."""
    found = set()
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<path:", "<").replace("<", "{").replace(">", "}")
        found |= {(path, method.lower()) for method in (rule.methods or ()) if method not in ("HEAD", "OPTIONS")}
    return found


@pytest.mark.parametrize("service", ["expressplay-mock", "sees-server"])
def test_the_documents_hold_exactly_the_routes(service: str) -> None:
    app = new_mock("http://127.0.0.1") if service == "expressplay-mock" else new_sees("http://127.0.0.1")
    documented = {(path, method) for path, item in document(service)["paths"].items() for method in item}
    assert documented == routes_of(app)


def test_a_kek_of_every_size_is_in_its_pattern() -> None:
    token = document("expressplay-mock")["paths"]["/hms/fp/token"]
    [in_query] = [given["schema"] for given in token["get"]["parameters"] if given["name"] == "kek"]
    [form] = token["post"]["requestBody"]["content"].values()
    for schema in (in_query, form["schema"]["properties"]["kek"]):
        sizes = [size for size in range(64) if re.search(schema["pattern"], "0f" * size)]
        assert sizes == list(KEK_SIZES)


def holds(operation: Operation, url: str) -> None:
    """Send cases of the operation and hold each answer against the document."""

    @FEW
    @given(case=operation.as_strategy())
    def check(case: Case[Operation]) -> None:
        case.call_and_validate(base_url=url, checks=list(CHECKS), headers={"Connection": "close"})

    check()


def operations(service: str) -> list[Operation]:
    found = schemathesis.openapi.from_dict(document(service)).get_all_operations()
    return [result.ok() if isinstance(result, Ok) else pytest.fail(str(result.err())) for result in found]


@pytest.mark.parametrize("operation", operations("expressplay-mock"), ids=lambda operation: operation.label)
def test_the_mock_keeps_its_promises(operation: Operation, urls: dict[str, str]) -> None:
    try:
        holds(operation, urls["expressplay-mock"])
    finally:
        # A fault that was set would act on the cases that follow.
        requests.delete(f"{urls['expressplay-mock']}/_sim/faults", timeout=10)


@pytest.mark.parametrize("operation", operations("sees-server"), ids=lambda operation: operation.label)
def test_sees_keeps_its_promises(operation: Operation, urls: dict[str, str]) -> None:
    holds(operation, urls["sees-server"])
