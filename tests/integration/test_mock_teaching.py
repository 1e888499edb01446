"""The mock opens its tokens for learners, and only where it was told to."""

from flask.testing import FlaskClient

from expressplay_mock.app import Config, create_app

AUTHENTICATOR = "77,0123456789abcdef0123456789abcdef"
CEK = "00112233445566778899aabbccddeeff"


def client(*, teach: bool, sim: bool = True) -> FlaskClient:
    return create_app(Config(authenticator=AUTHENTICATOR, teach=teach, sim=sim)).test_client()


def token_of(mock: FlaskClient) -> str:
    order = {"customerAuthenticator": AUTHENTICATOR, "contentKey": CEK, "iv": "0" * 32, "cookie": "alice"}
    return mock.post("/hms/fp/token", data=order).text.strip().partition("=")[2]


def test_a_token_opens_for_learners() -> None:
    mock = client(teach=True)
    answer = mock.post("/_sim/open", data=token_of(mock))
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["contentKey"] == CEK
    assert answer.json["cookie"] == "alice"
    assert answer.json["deviceId"] is None


def test_other_text_does_not_open() -> None:
    answer = client(teach=True).post("/_sim/open", data=b"\xff\xfe")
    assert answer.status_code == 400
    assert answer.json is not None
    assert "-4010" in str(answer.json)


def test_it_is_off_unless_asked_for() -> None:
    assert client(teach=False).post("/_sim/open", data="x").status_code == 404
    assert client(teach=True, sim=False).post("/_sim/open", data="x").status_code == 404
