"""Key URIs: the forms of the field are understood, every mangled one is named, and no text does anything else."""

from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import BadKeyUri
from emulator.key_uri import KeyMode, parse_key_uri, parse_rule

ID = "c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d"


@pytest.mark.parametrize("uri", [f"skd:{ID}", f"skd://{ID}", f"SKD://{ID}"])
def test_a_content_id_alone(uri: str) -> None:
    key = parse_key_uri(uri)
    assert (key.mode, key.content_id, key.server, key.notes) == (KeyMode.ENTITLEMENT, ID, None, ())


@pytest.mark.parametrize(
    "content_id",
    [
        "twelve",
        "expressplay_token",
        f"{ID}:82D10757067F5FCA905217A40F4F66DA",
        f"{ID}/AUDIO",
        "0123456789abcdef0123456789abcdef",
        "10LkKkqBtl2TfM+8X3f3ug==",
        "/0LkKkqBtl2TfM+8X3f3ug==",
        "drmtoday?assetId=42",
        "one?cek=00112233445566778899aabbccddeeff&iv=00000000000000000000000000000001",
        "a#b",
    ],
)
def test_a_content_id_is_whatever_stands_there(content_id: str) -> None:
    for form in ("skd:{}", "skd://{}"):
        key = parse_key_uri(form.format(content_id))
        assert (key.content_id, key.notes) == (content_id, ())


@pytest.mark.parametrize(
    ("uri", "rule", "content_id"),
    [
        ("skd://drmtoday?assetId=4%2F2&x=1", "query:assetId", "4/2"),
        ("skd://k?id=a+b%3D%3D", "query:id", "a+b=="),
        ("skd://one?cek=00&iv=01", "host", "one"),
        (f"skd://{ID}:82D10757067F5FCA905217A40F4F66DA", "host", ID),
        ("skd://host/a/b?c", "path", "a/b"),
        ("skd://host?cid=x1&y", "all", "host?cid=x1&y"),
        ("skd://host?ExpressPlayToken=AQAA", "all", "host?ExpressPlayToken=AQAA"),
    ],
)
def test_a_rule_says_which_part_it_is(uri: str, rule: str, content_id: str) -> None:
    key = parse_key_uri(uri, parse_rule(rule))
    assert (key.mode, key.content_id) == (KeyMode.ENTITLEMENT, content_id)


@pytest.mark.parametrize("text", ["", "hosts", "query", "query:", "path:x", "ALL"])
def test_any_other_rule_is_refused_with_the_list(text: str) -> None:
    with pytest.raises(ValueError, match="host, path, query:NAME or all"):
        parse_rule(text)


@pytest.mark.parametrize("server", ["sees.example", "sees.example:8443/a/b", "[::1]:80", "https://sees.example/x"])
@pytest.mark.parametrize("form", ["skd:{}?cid={}", "skd://{}?cid={}", "skd://{}/?cid={}"])
def test_a_content_id_at_an_entitlement_server(server: str, form: str) -> None:
    key = parse_key_uri(form.format(server, ID))
    assert (key.mode, key.content_id, key.server) == (KeyMode.ENTITLEMENT, ID, server)


def test_direct_mode_swaps_nothing_but_the_scheme() -> None:
    key = parse_key_uri("skd://fp.example/hms/fp/rights/?ExpressPlayToken=AQAAAabc_-9")
    assert key.mode is KeyMode.DIRECT
    assert key.content_id is None
    assert key.license_url() == "https://fp.example/hms/fp/rights/?ExpressPlayToken=AQAAAabc_-9"
    assert key.license_url("http") == "http://fp.example/hms/fp/rights/?ExpressPlayToken=AQAAAabc_-9"


def test_direct_mode_may_name_the_content_too() -> None:
    assert parse_key_uri(f"skd://h/?cid={ID}&ExpressPlayToken=AQAA").content_id == ID


def test_entitlement_mode_has_no_license_url() -> None:
    with pytest.raises(ValueError, match="direct mode"):
        parse_key_uri(f"skd://{ID}").license_url()


@pytest.mark.parametrize(
    ("uri", "fix"),
    [
        ("", "give the key line a URI"),
        (f"skd%3A%2F%2F{ID}", "percent-decode"),
        (f"skd%253A%252F%252F{ID}", "percent-decode"),
        ("c2tkOi8vYzdlNWI5ZDI=", "Base64"),
        ("".join(f"{c}\0" for c in f"skd://{ID}"), "UTF-16"),
        (f'"skd://{ID}"', "quotation marks"),
        (f" skd://{ID}", "spaces"),
        (f"https://{ID}", "leave the scheme skd"),
        (f"sdk://{ID}", "spell the scheme"),
        (f"skd//{ID}", "spell the scheme"),
        (ID, f"put the scheme back: skd://{ID}"),
        ("skd:", "2 to 200 bytes, as an SPC holds, found 0 bytes"),
        ("skd://x", "found 1 bytes"),
        ("skd://" + "é" * 101, "found 202 bytes"),
        ("skd://host?cid=%ff%fe", "in UTF-8"),
        (f"skd://host?cid={ID}&cid=other", "once"),
        ("skd://host?cid=", "found 0 bytes"),
        ("skd://host?ExpressPlayToken=", "token URL as ExpressPlay gave it"),
        ("skd://host?ExpressPlayToken=a%20b", "token URL as ExpressPlay gave it"),
        ("skd://?ExpressPlayToken=AQAA", "token URL as ExpressPlay gave it"),
        ("skd://" + "a" * 10_000, "shorten"),
        ("ftp://x", "with skd:"),
    ],
)
def test_each_way_of_mangling_has_its_fix(uri: str, fix: str) -> None:
    with pytest.raises(BadKeyUri) as caught:
        parse_key_uri(uri)
    assert fix in caught.value.fix
    assert "skd://<content id>" in str(caught.value)
    assert "\0" not in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "note"),
    [
        ("skd://c2tkOi8vYzdlNWI5ZDI=", "begins like Base64 of skd:"),
        (f"skd://skd://{ID}", "begins with skd: once more"),
        (f"skd://{ID[:8]}%2D{ID[9:]}", "percent signs"),
        (f"skd://{ID}/", "ends with a slash"),
        (f"skd:{{{ID}}}", "braces"),
        (f"skd://{ID[:-4]}", "digits missing or to spare"),
        (f"skd://{ID}00", "digits missing or to spare"),
        ("skd://f\0i\0l\0m\0", "control characters"),
        ("skd://film-é", "not all ASCII"),
    ],
)
def test_what_looks_mangled_is_tried_with_a_note(uri: str, note: str) -> None:
    key = parse_key_uri(uri)
    assert key.content_id == uri.partition(":")[2].removeprefix("//")
    assert any(note in one for one in key.notes)
    assert all(one.isprintable() for one in key.notes)


def test_an_error_never_shows_the_token() -> None:
    with pytest.raises(BadKeyUri) as caught:
        parse_key_uri("skd://h?ExpressPlayToken=AQAASECRET&ExpressPlayToken=AQAASECRET")
    assert "SECRET" not in str(caught.value)


odd = st.text("ab1:/?&=@[]#%.", max_size=5)
hosts = st.sampled_from(["sees.example", "", "[", "h:0", "h:99999", "[::1]:80"]) | odd
queries = st.lists(
    st.sampled_from([f"cid={ID}", "cid=x", "cid=", "ExpressPlayToken=AQAA", "ExpressPlayToken=", "cid"]) | odd,
    min_size=1,
    max_size=2,
).map("&".join)


@given(
    st.one_of(
        st.text(),
        st.text().map("skd://".__add__),
        st.text("skd:/?cidExprsPlayTokn=&[]@#%-0123", max_size=80),
        st.builds("skd://{}?{}".format, hosts, queries),
    )
)
def test_any_text_gives_a_key_uri_or_the_one_error(uri: str) -> None:
    with suppress(BadKeyUri):
        key = parse_key_uri(uri)
        assert key.content_id is None or 2 <= len(key.content_id.encode()) <= 200
        assert key.content_id or key.license_url()


# A parameter of these names means something, and two slashes at the start are the URI's own.
plain = st.text(st.characters(exclude_categories=["Cs"]), min_size=2, max_size=50).filter(
    lambda text: not text.startswith("//") and "cid=" not in text and "ExpressPlayToken=" not in text
)


@given(plain, st.sampled_from(["skd:{}", "skd://{}"]))
def test_every_content_id_comes_back_as_written(content_id: str, form: str) -> None:
    if len(content_id.encode()) <= 200:
        assert parse_key_uri(form.format(content_id)).content_id == content_id


@given(plain, st.sampled_from(["skd://host.example?cid={}", "skd:https://h?a=b&cid={}&c"]))
def test_every_content_id_comes_back_from_a_parameter(content_id: str, form: str) -> None:
    if len(content_id.encode()) <= 200:
        assert parse_key_uri(form.format(quote(content_id, safe=""))).content_id == content_id


@given(st.text(), st.sampled_from(["host", "path", "query:id", "all"]))
def test_under_every_rule_any_text_gives_a_key_uri_or_the_one_error(text: str, rule: str) -> None:
    with suppress(BadKeyUri):
        assert parse_key_uri(f"skd://{text}", parse_rule(rule))
