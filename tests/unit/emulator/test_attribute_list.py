"""The attributes of an HLS tag: what is quoted, what is not, and lines that somebody wrote to cost time."""

import pytest

from emulator.attribute_list import parse_attributes


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('A="x, y" , B=1 ,C=', {"A": "x, y", "B": "1", "C": ""}),
        ('A=" x "', {"A": " x "}),
        ("A= x y ", {"A": "x y"}),
        ("A=1,A=2", {"A": "2"}),
        ('A=1,b="2",C=3', {"A": "1"}),
        ('A=1,B="2', {"A": "1"}),
        ('A=1,B=2"3"', {"A": "1"}),
        ("", {}),
    ],
)
def test_attributes_up_to_the_first_that_is_malformed(line: str, found: dict[str, str]) -> None:
    assert parse_attributes(line) == found


@pytest.mark.parametrize("line", ['A={blanks}"', 'A="x"{blanks}x', "{blanks}A", 'A="{blanks}', "A={blanks}x=,B"])
def test_blanks_are_looked_at_once(line: str) -> None:
    # Blanks that two parts of the expression may take would cost hours.
    assert set(parse_attributes(line.format(blanks=" " * 2_000_000))) <= {"A"}
