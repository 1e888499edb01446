"""The catalog: what it accepts, and one line that says where a bad one is wrong."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.app import Config
from server.catalog import Catalog, CatalogError, load_catalog, parse_catalog

CEK = "5ec7e7" * 5 + "aa"
GOOD = f"""
[titles.film]
name = "The Film"
token_lifetime = 300
rental_duration = 60
viewers = ["gold-", "staff"]

[[titles.film.keys]]
content_id = "C7E5B9D2-6f14-4c8a-a3d1-58e2094bf76d"
kid = "00112233445566778899AABBCCDDEEFF"
cek = "{CEK}"
iv = "0e9a57d3c2684bf1a57f306ed1984bc2"
"""


def test_good_catalog() -> None:
    found = parse_catalog(GOOD).find("c7e5b9d2-6F14-4c8a-a3d1-58e2094bf76d")
    assert found is not None
    title, key = found
    assert (title.id, title.name, title.dummy) == ("film", "The Film", False)
    assert (title.token_lifetime, title.terms.rental_duration) == (300, 60)
    assert key.kid == "00112233445566778899aabbccddeeff"
    assert key.cek == CEK
    assert parse_catalog(GOOD).find("c7e5b9d2") is None


OPAQUE = (
    "movie-42",
    "c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d:0e9a57d3c2684bf1a57f306ed1984bc2",
    "/AEiM0RVZneImaq7zN3u/w==",
)


@pytest.mark.parametrize("content_id", [*OPAQUE, "ab", "é" * 100, "c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d/AUDIO", "a b"])
def test_a_content_id_is_opaque_and_compared_exactly(content_id: str) -> None:
    catalog = parse_catalog(GOOD.replace("C7E5B9D2-6f14-4c8a-a3d1-58e2094bf76d", content_id))
    found = catalog.find(content_id)
    assert found is not None
    assert found[1].content_id == content_id
    assert catalog.find(content_id.upper()) is None
    assert catalog.find(content_id + " ") is None


def test_dual_expiry() -> None:
    assert parse_catalog(GOOD).titles["film"].terms.storage_duration == 0
    dual = GOOD.replace("rental_duration = 60", "storage_duration = 2592000\nplayback_duration = 172800")
    film = parse_catalog(dual).titles["film"]
    assert (film.terms.storage_duration, film.terms.playback_duration) == (2_592_000, 172_800)


def test_lease_and_persistence_are_off_unless_asked_for() -> None:
    def limits(text: str) -> tuple[int, bool]:
        title = parse_catalog(text).titles["film"]
        return title.terms.lease_duration, title.terms.persistent

    assert limits(GOOD) == (0, False)
    assert limits(GOOD.replace("= 60", "= 60\nlease_duration = 120")) == (120, False)
    assert limits(GOOD.replace("= 60", "= 60\npersistent = true")) == (0, True)


def test_viewers() -> None:
    film = parse_catalog(GOOD).titles["film"]
    assert film.is_for("gold-eve")
    assert film.is_for("staff")
    assert not film.is_for("Gold-eve")
    assert not film.is_for(None)
    assert parse_catalog(GOOD.replace('["gold-", "staff"]', '"all"')).titles["film"].is_for(None)


def test_repr_has_no_content_key() -> None:
    catalog = parse_catalog(GOOD)
    assert "film" in repr(catalog)
    assert CEK not in repr((catalog, catalog.find("c7e5b9d2-6f14-4c8a-a3d1-58e2094bf76d")))


BAD = {
    "not TOML": (GOOD.replace("[[titles", "[[[titles"), "expected TOML"),
    "no titles": ("", "titles: expected a table, found nothing"),
    "titles empty": ("[titles]", "at least one title"),
    "odd title id": (GOOD.replace("titles.film", 'titles."../film"'), "expected an id of a-z"),
    "title is a number": ("[titles]\nfilm = 1", "titles: film: expected a table, found 1"),
    "no name": (GOOD.replace('name = "The Film"', ""), "titles.film: name: expected a text, found nothing"),
    "lifetime of zero": (GOOD.replace("= 300", "= 0"), "titles.film: token_lifetime: expected 1 to 2592000 seconds"),
    "lifetime too long": (GOOD.replace("= 300", "= 2592001"), "found 2592001"),
    "lifetime is a boolean": (GOOD.replace("= 300", "= true"), "found True"),
    "rental is negative": (GOOD.replace("= 60", "= -1"), "titles.film: rental_duration: expected 0 to"),
    "lease is no number": (
        GOOD.replace("= 60", '= 60\nlease_duration = "1"'),
        "titles.film: lease_duration: expected 0",
    ),
    "lease and persistent": (
        GOOD.replace("= 60", "= 60\nlease_duration = 1\npersistent = true"),
        "titles.film: persistent: expected false beside a lease_duration",
    ),
    "dummy is a text": (GOOD.replace("= 60", '= 60\ndummy = "yes"'), "titles.film: dummy: expected true or false"),
    "viewers is a word": (GOOD.replace('["gold-", "staff"]', '"some"'), "titles.film: viewers: expected"),
    "empty prefix": (GOOD.replace('"staff"', '""'), "titles.film: viewers: expected"),
    "misspelt field": (GOOD.replace("rental_duration", "rental"), "titles.film: expected no other key, found 'rental'"),
    "no keys": (GOOD.split("[[")[0], "titles.film: keys: expected at least one table, found nothing"),
    "content id of one byte": (
        GOOD.replace("C7E5B9D2-6f14-4c8a-a3d1-58e2094bf76d", "x"),
        "titles.film.keys[0]: content_id: expected a text of 2 to 200 bytes in UTF-8, found 'one of 1'",
    ),
    "content id of 201 bytes": (
        GOOD.replace("C7E5B9D2-6f14-4c8a-a3d1-58e2094bf76d", "é" * 100 + "x"),
        "titles.film.keys[0]: content_id: expected a text of 2 to 200 bytes in UTF-8, found 'one of 201'",
    ),
    "content id is a number": (GOOD.replace('"C7E5B9D2-6f14-4c8a-a3d1-58e2094bf76d"', "7"), "bytes in UTF-8, found 7"),
    "half of dual expiry": (GOOD.replace("rental_duration", "storage_duration"), "playback_duration together"),
    "dual expiry and a rental": (
        GOOD.replace("= 60", "= 60\nstorage_duration = 1\nplayback_duration = 1"),
        "expected no rental_duration, lease_duration or persistent beside it",
    ),
    "iv cut": (GOOD.replace("0e9a57", "0e9a5"), "titles.film.keys[0]: iv: expected 32 hexadecimal digits"),
    "cek cut": (GOOD.replace(CEK, CEK[:-1]), "titles.film.keys[0]: cek: expected 32 hexadecimal digits, found another"),
    "cek is a number": (GOOD.replace(f'"{CEK}"', "16"), "titles.film.keys[0]: cek"),
    "content id twice": (GOOD + GOOD.replace("film", "again"), "used already by titles.film"),
    "GUID in another case": (
        GOOD + GOOD.replace("film", "again").replace("C7E5B9D2", "c7e5b9d2"),
        "used already by titles.film",
    ),
    "table beside titles": (GOOD + "[more]", "catalog: expected no other key, found 'more'"),
}


@pytest.mark.parametrize(("text", "words"), BAD.values(), ids=BAD.keys())
def test_bad_catalog_is_one_line_that_says_where(text: str, words: str) -> None:
    with pytest.raises(CatalogError, match=re.escape(words)) as caught:
        parse_catalog(text)
    assert "\n" not in str(caught.value)
    assert CEK[:-1] not in str(caught.value)


def test_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"none\.toml: cannot be read: No such file"):
        load_catalog(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff")
    with pytest.raises(CatalogError, match=r"bad\.toml: cannot be read: not UTF-8"):
        load_catalog(tmp_path / "bad.toml")
    (tmp_path / "worse.toml").write_text("[titles]")
    with pytest.raises(CatalogError, match=r"worse\.toml: titles: expected"):
        load_catalog(tmp_path / "worse.toml")


def test_catalog_that_comes_with_sees() -> None:
    catalog = load_catalog(Config.catalog)
    assert [title.id for title in catalog.titles.values() if title.dummy] == ["dummy"]
    assert not catalog.titles["film"].dummy


VALUES = (
    "1",
    "-1",
    "1.5",
    "nan",
    "true",
    '""',
    '"a\\nb"',
    '"""a\nb"""',
    "[]",
    "[1]",
    "[{}]",
    "{}",
    "2026-01-01",
    "all",
)
LINES = ["", "a = [", "keys = 1", "keys = []", '"a\\nb" = 1', '[titles."x y"]', "[titles.film.keys]", "[[titles]]"]


def read(text: str) -> None:
    """Read any text: a catalog or one line of complaint, and nothing else."""
    try:
        assert isinstance(parse_catalog(text), Catalog)
    except CatalogError as error:
        assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize("line", [*LINES, *(f"NAME = {value}" for value in VALUES)])
def test_another_line_anywhere_gives_a_catalog_or_one_line(line: str) -> None:
    good = GOOD.splitlines()
    for place, old in enumerate(good):
        read("\n".join([*good[:place], line.replace("NAME", old.partition(" = ")[0]), *good[place + 1 :]]))


@given(st.text())
def test_any_text_gives_a_catalog_or_one_line(text: str) -> None:
    read(text)
