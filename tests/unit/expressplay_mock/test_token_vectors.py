"""The vectors of tokens and redemptions: the mock finds in each what it says, or refuses it by that number."""

from typing import Any

import pytest
import vectors

from expressplay_mock.errors import Code, Refusal
from expressplay_mock.license_body import MAX_BODY, LicenseBody, SpcShape
from expressplay_mock.redemption import Issued, Keys, Refused, redeem, replayed
from expressplay_mock.tokens.sealed_token import Token, open_token
from expressplay_mock.transaction_log import MEMORY, Replayed, TransactionLog
from fairplay.ckc import open_ckc
from fairplay.spc import open_spc

KEYS = Keys(vectors.token_keys(), vectors.key_server())


def described(token: Token) -> dict[str, Any]:
    return {
        "account": token.account,
        "content_key": token.content_key.hex(),
        "iv": token.iv.hex(),
        "expires": token.expires,
        "cookie": token.cookie,
        "device_id": token.device_id,
        "rental": token.rental,
        "extensions": list(token.extensions),
        "kid": token.kid,
    }


@pytest.mark.parametrize("name", vectors.TOKENS)
def test_a_token(name: str) -> None:
    vector = vectors.TOKENS[name]
    if "opens" in vector:
        assert described(open_token(vector["token"], KEYS.tokens)) == vector["opens"]
    else:
        with pytest.raises(Refusal) as caught:
            open_token(vector["token"], KEYS.tokens)
        assert caught.value.code.number == vector["refused"]["number"]


@pytest.mark.parametrize("name", [name for name in vectors.REDEMPTIONS if name != "too large"])
def test_a_redemption(name: str) -> None:
    log = TransactionLog(MEMORY)
    try:
        for request in vectors.REDEMPTIONS[name]["requests"]:
            assert outcome(log, request) == {key: request[key] for key in ("issued", "refused") if key in request}
    finally:
        log.close()


def outcome(log: TransactionLog, request: dict[str, Any]) -> dict[str, Any]:
    """Redeem as the service does: decide, write the row, and refuse what the log refuses."""
    token = vectors.TOKENS[request["token"]]["token"]
    spc = vectors.spc_bytes(request["spc"])
    decision = redeem(token, LicenseBody(SpcShape.RAW, spc), now=request["now"], random=bytes, keys=KEYS)
    if decision.row:
        try:
            log.append(decision.row)
        except Replayed:
            decision = replayed(decision, decision.row)
    if isinstance(decision, Refused):
        return {"refused": {"number": decision.refusal.code.number, "cause": decision.refusal.cause}}
    assert isinstance(decision, Issued)
    opened = open_ckc(decision.ckc, open_spc(spc, KEYS.fairplay))
    return {
        "issued": {
            "content_key": opened.content.key.hex(),
            "iv": opened.content.iv.hex(),
            "rental": opened.duration.rental if opened.duration else 0,
        }
    }


def test_the_vector_of_a_large_body_is_one_byte_too_large() -> None:
    (request,) = vectors.REDEMPTIONS["too large"]["requests"]
    assert request["zeros"] == MAX_BODY + 1
    assert request["refused"]["number"] == Code.BODY_TOO_LARGE.number
