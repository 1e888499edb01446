"""docs/mock.md: the files and extensions that it shows are ones that the mock takes."""

import re
from pathlib import Path

from expressplay_mock.accounts_file import read_accounts
from expressplay_mock.tokens.extensions import read_extensions
from expressplay_mock.tokens.key_storage import read_key_storage
from fairplay.layout import HdcpLevel

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "mock.md").read_text()


def test_the_files(tmp_path: Path) -> None:
    accounts, keys = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "example.toml"
    path.write_text(accounts)
    assert [account.device_binding for account in read_accounts(path)] == [True, False]
    path.write_text(keys)
    assert sorted(map(len, read_key_storage(path).values())) == [16, 24]


def test_the_extensions() -> None:
    lease, persistent, dual, hdcp = re.findall(r"^\| `(.{4},\S*)` \|", PAGE, re.MULTILINE)
    assert read_extensions([lease]).lease == 600
    assert read_extensions([persistent]).persistent
    assert read_extensions([dual]).dual == (30 * 86_400, 48 * 3600)
    assert read_extensions([hdcp]).hdcp is HdcpLevel.TYPE_0
