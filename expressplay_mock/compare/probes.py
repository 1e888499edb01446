"""The requests that `compare` sends: documented ones, good and bad. No license request is among them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

TOKEN, RECORDS = "token", "records"
MAX_REQUESTS, MAX_TOKENS = 40, 5

AUTHENTICATOR, KEY, IV = "<authenticator>", "<random key>", "<random iv>"
"""What stands in a probe for the customer authenticator, and for 32 hexadecimal digits that are drawn for each run."""


@dataclass(frozen=True)
class Probe:
    """One request. `parameters` go as a form (POST), else in the query string; a good one may yield a token."""

    name: str
    service: str
    method: str
    parameters: Mapping[str, str] = field(repr=False)
    good: bool = False


def _token(name: str, *without: str, method: str = "POST", good: bool = False, **changed: str) -> Probe:
    usual = {"customerAuthenticator": AUTHENTICATOR, "errorFormat": "json", "contentKey": KEY, "iv": IV}
    parameters = {key: value for key, value in (usual | changed).items() if key not in without}
    return Probe(name, TOKEN, method, parameters, good)


def _records(name: str, *without: str, **changed: str) -> Probe:
    parameters = {"customerAuthenticator": AUTHENTICATOR, **changed}
    return Probe(name, RECORDS, "GET", {key: value for key, value in parameters.items() if key not in without})


NOBODY = "999999999,00000000000000000000000000000000"
"""An authenticator in due form that no account has."""

PROBES: tuple[Probe, ...] = (
    _token("no authenticator", "customerAuthenticator"),
    _token("no authenticator, HTML", "customerAuthenticator", "errorFormat"),
    _token("an authenticator of no form", customerAuthenticator="nobody"),
    _token("an authenticator of nobody", customerAuthenticator=NOBODY),
    _token("an authenticator of nobody, HTML", "errorFormat", customerAuthenticator=NOBODY),
    _token("another error format", errorFormat="xml"),
    _token("general flags", generalFlags="01"),
    _token("no content key", "contentKey"),
    _token("a short content key", contentKey="00" * 15),
    _token("a content key of other letters", contentKey="xy" * 16),
    _token("no iv", "iv"),
    _token("a short iv", iv="00" * 15),
    _token("kek without ek and kid", "contentKey", kek=KEY),
    _token("kek with a broken ek", "contentKey", kek=KEY, ek="00" * 24),
    _token("a kid of other letters", "contentKey", kid="nobody"),
    _token("a kid of 65 characters", "contentKey", kid="^" + "x" * 65),
    _token("a kid of no key", "contentKey", kid="^compare"),
    _token("a rental that is no number", rentalDuration="long"),
    _token("an expiration in the past", expirationTime="2001-01-01T00:00:00Z"),
    _token("an expiration of no form", expirationTime="soon"),
    _token("an expiration after 31 days", expirationTime="+2678400"),
    _token("a cookie of 33 characters", cookie="x" * 33),
    _token("a short device id", deviceId="00" * 19),
    _token("an extension type of 3 letters", fpExtension="abc,AA=="),
    _token("an extension of no Base64", fpExtension="abcd,*"),
    # Last, so that a token which a bad request yields is counted before.
    _token("token by GET", method="GET", good=True),
    _token("token with cookie and device", good=True, cookie="compare", deviceId="00" * 20),
    _token("token with kid beside contentKey", good=True, kid="0123456789abcdef0123456789abcdef"),
    _token("token with rental and expiration", good=True, rentalDuration="60", expirationTime="+60"),
    _records("the newest records"),
    _records("records of a cookie of nobody", cookie="compare-nobody"),
    _records("records of a cookie of 33 characters", cookie="x" * 33),
    _records("a record by an id of none", id="1"),
    _records("a page of records", start="0", length="1"),
    _records("a page without length", start="0"),
    _records("cookie and id", cookie="compare", id="1"),
    _records("records without authenticator", "customerAuthenticator"),
    _records("records for nobody", customerAuthenticator=NOBODY),
)
