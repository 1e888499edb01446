"""What key rotation within a track puts into an MP4 fragment: keys by sample groups."""


def sgpd(*key_ids: bytes, protected: bool = True, length: int | None = 37) -> bytes:
    """Return the box `sgpd` of type `seig`, in a box that players pass over; `length` None: each entry has its own."""
    entries = b""
    for key_id in key_ids:
        entry = bytes([0, 0x19, protected, 0]) + key_id + bytes([16]) + bytes(16)
        entries += entry if length is not None else len(entry).to_bytes(4, "big") + entry
    body = b"sgpd\1\0\0\0seig" + (length or 0).to_bytes(4, "big") + len(key_ids).to_bytes(4, "big") + entries
    box = (4 + len(body)).to_bytes(4, "big") + body
    return (8 + len(box)).to_bytes(4, "big") + b"free" + box
