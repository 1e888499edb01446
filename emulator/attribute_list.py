"""The attribute list of an HLS tag (RFC 8216bis, section 4.2): names and values, quotation marks taken off."""

import re
from collections.abc import Mapping

_ATTRIBUTE = re.compile(r'\s*([A-Z0-9-]+)=(?:"([^"]*)"\s*|([^,"]*))(?:,|$)')

Attributes = Mapping[str, str]


def parse_attributes(text: str) -> Attributes:
    """Return the attributes up to the first that is malformed; of a name that comes twice, the last."""
    # Match by match from the place where the last one ended: a search would be quadratic in a hostile line, and so
    # would be blanks that two parts of the expression may take.
    found: dict[str, str] = {}
    place = 0
    while place < len(text) and (match := _ATTRIBUTE.match(text, place)):
        found[match[1]] = match[3].strip() if match[2] is None else match[2]
        place = match.end()
    return found
