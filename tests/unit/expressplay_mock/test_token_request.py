"""The parameters of a token request: every one with its own code, and never a wrong token from a slip."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expressplay_mock.errors import Refusal
from expressplay_mock.parameters import Parameters, read_parameters
from expressplay_mock.tokens.sealed_token import Token
from expressplay_mock.tokens.token_request import LIFETIME, PARAMETERS, REPEATABLE, make_token, wants_json

NOW = 1_700_000_000.5  # 2023-11-14T22:13:20.5Z
GOOD = {"customerAuthenticator": "1,x", "contentKey": "0f" * 16, "iv": "AB" * 16}
DEVICE = "0123456789abcdef0123456789abcdef01234567"


def asked(**changes: str | tuple[str, ...] | None) -> Parameters:
    given = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return {name: (value,) if isinstance(value, str) else value for name, value in given.items()}


def token(**changes: str | tuple[str, ...] | None) -> Token:
    return make_token(asked(**changes), account="1", now=NOW)


def refusal(**changes: str | tuple[str, ...] | None) -> Refusal:
    with pytest.raises(Refusal) as caught:
        token(**changes)
    return caught.value


def test_the_smallest_request() -> None:
    assert token() == Token("1", bytes.fromhex("0f" * 16), bytes.fromhex("ab" * 16), expires=NOW + LIFETIME)


def test_a_full_request() -> None:
    made = token(
        generalFlags="0000",
        rentalDuration="4294967294",
        expirationTime="+300",
        cookie="Zwölf Boxkämpfer 🥊",
        deviceId=DEVICE.upper(),
        fpExtension=("wxyz,AA==", "hdcp,AQ=="),
        errorFormat="json",
    )
    assert made.rental == 2**32 - 2
    assert made.expires == NOW + 300
    assert made.cookie == "Zwölf Boxkämpfer 🥊"
    assert made.device_id == DEVICE
    assert made.extensions == ("wxyz,AA==", "hdcp,AQ==")


REFUSED = [
    # parameter, value, code, a word of the hint
    ("contentKey", None, -2005, "none"),
    ("contentKey", ("0f" * 16, "0f" * 16), -2005, "2 times"),
    ("contentKey", "", -2027, "empty"),
    ("contentKey", "0f" * 15, -2027, "30 characters"),
    ("contentKey", "0f" * 17, -2027, "34 characters"),
    ("contentKey", "0x" * 16, -2027, "16 of them"),
    ("contentKey", "٠" * 32, -2027, "32 of them"),
    ("kek", "00" * 16, -2005, "another combination"),
    ("ek", "00" * 24, -2005, "another combination"),
    ("kid", ("00" * 16, "00" * 16), -4022, "2 times"),
    ("iv", None, -6003, "none"),
    ("iv", "ab" * 15, -6003, "30 characters"),
    ("iv", ("ab" * 16, "ab" * 16), -6003, "2 times"),
    ("generalFlags", "1", -5003, "zeros"),
    ("generalFlags", "", -5003, "zeros"),
    ("generalFlags", "none", -5003, "zeros"),
    ("rentalDuration", "", -2025, "digits"),
    ("rentalDuration", "-1", -2025, "digits"),
    ("rentalDuration", "1.5", -2025, "digits"),
    ("rentalDuration", "１", -2025, "digits"),
    ("rentalDuration", "4294967295", -6007, "4294967294"),
    ("rentalDuration", "9" * 5000, -6007, "4294967294"),
    ("cookie", "", -2033, "0 characters"),
    ("cookie", "c" * 33, -2033, "33 characters"),
    ("cookie", "a\0b", -2033, "NUL"),
    ("cookie", "a\udcffb", -2033, "UTF-8"),
    ("deviceId", "", -4001, "empty"),
    ("deviceId", DEVICE[:-1], -4001, "39 characters"),
    ("deviceId", "x" * 40, -4001, "40 of them"),
    ("deviceId", (DEVICE, DEVICE), -4001, "2 times"),
    ("fpExtension", "wxyz", -6001, "comma"),
    ("fpExtension", "wxyz," + "A" * 1024, -6001, "1024"),
    ("fpExtension", "wxy,AAAA", -2036, "3 characters"),
    ("fpExtension", "vwxyz,AAAA", -2036, "5 characters"),
    ("fpExtension", "wxyz,AAA", -2037, "Base64"),
    ("fpExtension", "wxyz,AA A", -2037, "blanks"),
    ("fpExtension", ("wxyz,AAAA", "bad"), -6001, "comma"),
    ("errorFormat", "xml", -3004, "html or json"),
    ("errorFormat", ("json", "html"), -3004, "2 times"),
    ("expirationTime", "", -2002, "2026"),
    ("expirationTime", "tomorrow", -2002, "8 characters, 8 of them no decimal digits"),
    ("expirationTime", " 300", -2002, "%2B"),
    ("expirationTime", "300", -2002, "%2B"),
    ("expirationTime", "+", -2002, "digits"),
    ("expirationTime", "+0", -2002, "over"),
    ("expirationTime", "+-5", -2002, "digits"),
    ("expirationTime", "+2592001", -2002, "2592001 seconds"),
    ("expirationTime", "+" + "9" * 5000, -2002, "digits"),
    ("expirationTime", "2023-11-14T22:13:20Z", -2002, "over"),
    ("expirationTime", "2023-12-14T22:13:21Z", -2002, "2592000 seconds"),
    ("expirationTime", "2023-11-15T22:13:20+01:00", -2002, "Z"),
    ("expirationTime", "2023-11-15T22:13:20", -2002, "Z"),
    ("expirationTime", "2023-02-30T00:00:00Z", -2002, "2023"),
    ("expirationTime", "0000-01-01T00:00:00Z", -2002, "0000"),
    ("expirationTime", "0001-01-01T00:00:00Z", -2002, "over"),
    ("expirationTime", "9999-12-31T23:59:59Z", -2002, "ahead"),
]


@pytest.mark.parametrize(("name", "value", "number", "word"), REFUSED)
def test_every_wrong_value_has_the_code_of_its_parameter(name: str, value: str, number: int, word: str) -> None:
    refused = refusal(**{name: value})
    assert (refused.code.number, refused.status) == (number, 400)
    assert word in refused.hint


@pytest.mark.parametrize(
    ("value", "expires"),
    [
        ("+1", NOW + 1),
        ("+2592000", NOW + LIFETIME),
        ("2023-11-14T22:13:21Z", 1_700_000_001),
        ("2023-11-14T22:13:20.75Z", 1_700_000_000.75),
        ("2023-12-14T22:13:20Z", 1_700_000_000 + LIFETIME),
    ],
)
def test_both_forms_of_the_expiration_time(value: str, expires: float) -> None:
    assert token(expirationTime=value).expires == expires


@pytest.mark.parametrize(
    "name",
    [
        *("deviceid", "device_id", "DEVICEID", "device-id", "device.id", "device id", "deviceId ", " deviceId"),
        *(
            "deviceId[]",
            "deviceId[0]",
            "[deviceId]x",
            "token[deviceId]",
            "a[b][deviceid]",
            "deviceIds",
            pytest.param(
                "dev" + "\u0301" * 300_000 + "\u0323" * 300_000 + "iceId", id="marks whose order takes an hour"
            ),
            "deviceId\u200b",
            "d\u00e9viceId",
            "\uff44eviceId",
        ),
        *("d\u0435vic\u0435Id", "devi\u0441eId", "dev\u0456ceId", "\u0501eviceId", "devic\u03b5Id", "dev1ceId"),
        *("\u1d05eviceId", "dev\u0268ceId", "\u0257eviceId", "\u0110eviceId", "amp;deviceId"),
    ],
)
def test_a_misspelt_restriction_is_refused_and_not_ignored(name: str) -> None:
    refused = refusal(**{name: DEVICE})
    assert refused.code.number == -4001
    assert "spell it deviceId" in refused.hint


def test_a_secret_in_a_name_is_not_repeated() -> None:
    for name in ("contentKey", "deviceId"):
        for slip, found in (("{name}[{secret}]", "{name}[]"), ("{secret}[{name}]", "[{name}]")):
            refused = refusal(**{slip.format(name=name, secret="0123456789abcdef0123456789abcdef"): "x"})
            assert f"found '{found.format(name=name)}'" in refused.hint
            assert "0123" not in str(refused)


@pytest.mark.parametrize("name", [*PARAMETERS, REPEATABLE])
@pytest.mark.parametrize("slip", ["{}[]", "{} ", ".{}", "{}\u200d", "_{}"])
def test_the_same_holds_for_each_parameter(name: str, slip: str) -> None:
    assert f"spell it {name}" in refusal(**{slip.format(name): "x"}).hint
    assert f"spell it {name}" in refusal(**{name.upper(): "x"}).hint


@pytest.mark.parametrize(
    "name", ["expirationTime", "rentalDuration", "kid", "errorFormat", "generalFlags", "deviceId", "fpExtension", "iv"]
)
def test_a_secret_in_the_wrong_parameter_is_not_repeated(name: str) -> None:
    secrets = ["0011223344556677", "42,0123456789abcdef0123456789abcdef", "00112233445566778899aabbccddeeff0"]
    for secret in [*secrets, f"+{secrets[2]}", f"^{secrets[2]}" + "k" * 40]:
        said = refusal(**{name: secret, "contentKey": None} if name == "kid" else {name: secret})
        assert not any(secret[start : start + 6] in str(said) for start in range(len(secret) - 5))


def test_the_kid_beside_a_content_key_is_carried() -> None:
    assert (token(kid="^film-1").kid, token().kid) == ("^film-1", None)


def test_parameters_that_mean_nothing_are_ignored() -> None:
    assert token(colour="blue") == token()


@pytest.mark.parametrize("name", ["contentKey", "iv", "kek", "ek"])
def test_no_refusal_repeats_a_key(name: str) -> None:
    slip = "0123456789abcdef0123456789abcdeX"
    assert slip not in refusal(**{name: slip}).hint


def test_html_is_the_default_format_of_refusals() -> None:
    assert wants_json(asked(errorFormat="json"))
    assert not any(wants_json(asked(errorFormat=value)) for value in (None, "html", "xml", ("json", "json")))


def test_query_string_and_form_are_read_together() -> None:
    parameters = read_parameters(b"a=1&b=%C3%A9&empty=", b"a=2&c=x+y%2Bz&bare")
    assert parameters == {"a": ("1", "2"), "b": ("é",), "empty": ("",), "c": ("x y+z",), "bare": ("",)}


def test_the_cost_of_a_name_given_often_grows_no_faster_than_the_body() -> None:
    begun = time.thread_time()  # the processor's time of this thread: other work does not count
    assert len(read_parameters(b"a&" * 32_000)["a"]) == 32_000
    assert time.thread_time() - begun < 1  # some 20 milliseconds; it took 3 s while each value made a new tuple


def test_bytes_that_are_no_utf_8_never_pass_for_text() -> None:
    assert refusal(cookie=read_parameters(b"cookie=%FF")["cookie"]).code.number == -2033


ODD = [
    "0f" * 16,
    DEVICE,
    "+300",
    " 300",
    "0",
    "-1",
    "9" * 12,
    "2023-13-14T22:13:21Z",
    "json",
    "",
    "wxyz,AAAA",
    "leas,AA==",
]
ANYTHING = st.text(max_size=40) | st.sampled_from(ODD)


@pytest.mark.parametrize("name", [*PARAMETERS, REPEATABLE, "deviceid", "x"])
@given(values=st.tuples(ANYTHING) | st.tuples(ANYTHING, ANYTHING), beside=st.sampled_from([{}, {"kek": ("0f" * 16,)}]))
def test_any_values_give_a_token_or_a_numbered_refusal(name: str, values: tuple[str, ...], beside: Parameters) -> None:
    try:
        made = make_token({**asked(), **beside, name: values}, account="1", now=NOW)
    except Refusal:
        return  # a Refusal has a number, or it could not be made
    assert NOW < made.expires <= NOW + LIFETIME
    assert (made.device_id is None) == (name != "deviceId")


@given(st.binary(max_size=300))
def test_any_bytes_are_some_parameters(encoded: bytes) -> None:
    for name, values in read_parameters(encoded).items():
        assert isinstance(name, str)
        assert values
