"""Key URIs: the forms of the field are understood, every mangled one is named, and no text does anything else."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import BadKeyUri
from emulator.key_uri import KeyMode, parse_key_uri

ID = "c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d"


@pytest.mark.parametrize("uri", [f"skd:{ID}", f"skd://{ID}", f"SKD://{ID}"])
def test_a_content_id_alone(uri: str) -> None:
    key = parse_key_uri(uri)
    assert (key.mode, key.content_id, key.host) == (KeyMode.ENTITLEMENT, ID, None)


@pytest.mark.parametrize("host", ["sees.example", "sees.example:8443", "[::1]:80"])
@pytest.mark.parametrize("path", ["", "/", "/a/b"])
def test_a_content_id_at_an_entitlement_host(host: str, path: str) -> None:
    key = parse_key_uri(f"skd://{host}{path}?cid={ID}")
    assert (key.mode, key.content_id, key.host) == (KeyMode.ENTITLEMENT, ID, host)


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
        (f"skd://skd://{ID}", "skd: once"),
        (f"skd:skd:{ID}", "skd: once"),
        (f"skd:///{ID}", "two slashes or none"),
        (f"skd:/{ID}", "two slashes or none"),
        (f"skd://{ID}/", "slash at the end"),
        (f"skd:{{{ID}}}", "without the braces"),
        (f"skd://{ID.replace('-', '')}", "hyphens"),
        (f"skd://{ID[:-4]}", "cut (28 of 32"),
        (f"skd://{ID}00", "lengthened (34 of 32"),
        (f"skd://{ID[:8]}%2D{ID[9:]}", "percent-decode the content id"),
        ("skd:", "name a content id"),
        ("skd://my-film", "GUID"),
        (f"skd://host?id={ID}", "?cid="),
        (f"skd://host?cid={ID}&cid={ID}", "once"),
        ("skd://host?cid=", "name a content id"),
        (f"skd://?cid={ID}", "entitlement host"),
        (f"skd://host:0?cid={ID}", "entitlement host"),
        (f"skd://host:99999?cid={ID}", "host and port"),
        ("skd://host?ExpressPlayToken=", "token URL as ExpressPlay gave it"),
        ("skd://host?ExpressPlayToken=a%20b", "token URL as ExpressPlay gave it"),
        ("skd://?ExpressPlayToken=AQAA", "token URL as ExpressPlay gave it"),
        ("skd://" + "a" * 10_000, "shorten"),
        (f"skd://{ID}é", "plain ASCII"),
        ("ftp://x", "with skd:"),
    ],
)
def test_each_way_of_mangling_has_its_fix(uri: str, fix: str) -> None:
    with pytest.raises(BadKeyUri) as caught:
        parse_key_uri(uri)
    assert fix in caught.value.fix
    assert "skd://<content id>" in str(caught.value)
    assert "\0" not in str(caught.value)


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
        assert key.content_id or key.license_url()


@given(st.uuids().map(str), st.sampled_from(["skd:{}", "skd://{}", "skd://host.example?cid={}"]))
def test_every_content_id_comes_back_as_written(content_id: str, form: str) -> None:
    for text in (content_id, content_id.upper()):
        assert parse_key_uri(form.format(text)).content_id == text
