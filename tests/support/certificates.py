"""Good and bad certificates for tests, of authorities that `hosting.tls.authority` did not make."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from trustme import CA, Blob

from hosting.tls.tls import ClientTls, ServerTls

NAMES = ("localhost", "127.0.0.1")


class Certificates:
    """An authority of its own in a folder, `ca` its file."""

    def __init__(self, folder: Path, authority: tuple[Path, Path] | None = None) -> None:
        """Make an authority, or go on with the one of a certificate and its key."""
        self._folder, self._made = folder, 0
        self._authority = CA.from_pem(*(file.read_bytes() for file in authority)) if authority else CA()
        folder.mkdir()
        self.ca = self._file("ca", self._authority.cert_pem)

    def server(self, *names: str, expired: bool = False, clients: "Certificates | None" = None) -> ServerTls:
        """Return files for a server, by default on loopback; with `clients` for those of that authority only."""
        return ServerTls(*self._issue(names or NAMES, expired), clients.ca if clients else None)

    def client(self, *, expired: bool = False, trusts: "Certificates | None" = None) -> ClientTls:
        """Return files for a client, by default one that trusts this authority."""
        return ClientTls((trusts or self).ca, *self._issue(("client.invalid",), expired))

    def _issue(self, names: tuple[str, ...], expired: bool) -> tuple[Path, Path]:
        end = datetime.now(UTC) + timedelta(days=-1 if expired else 1)
        made = self._authority.issue_cert(*names, not_before=end - timedelta(days=3), not_after=end)
        self._made += 1
        return (
            self._file(f"{self._made}", made.cert_chain_pems[0]),
            self._file(f"{self._made}-key", made.private_key_pem),
        )

    def _file(self, name: str, content: Blob) -> Path:
        path = self._folder / f"{name}.pem"
        content.write_to_path(path)
        return path
