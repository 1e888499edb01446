"""The messages that a FairPlay client and key server exchange: SPC and CKC. Sans-IO: bytes in, bytes out.

A device calls `build_spc` and `open_ckc`; a key server calls `open_spc` and `seal_ckc`. Time and random bytes
are arguments. Apple's secret D function is replaced by D-SIM (see `session_key`), and every message carries the
mark `SIM1`: no real SPC can be opened with this package, and no real device accepts what it makes.

What `__all__` names is for programs that embed this package; nothing else is promised to stay.
"""

from fairplay.annotate import Annotation, MessageKeys, annotate_ckc, annotate_spc, keys_of
from fairplay.certificate import ApplicationCertificate, BadCertificate, certificate_hash, load_certificate
from fairplay.ckc import ContentKey, Duration, License, OfflineKey, open_ckc, seal_ckc
from fairplay.errors import BEHIND_THE_ENVELOPE, CkcError, FairPlayError, SpcError
from fairplay.layout import Capability, HdcpLevel, KeyType, PlaybackState
from fairplay.randomness import RandomBytes
from fairplay.session_key import device_id_of
from fairplay.spc import KeyServer, Playback, SpcContents, build_spc, open_spc

__all__ = [
    "BEHIND_THE_ENVELOPE",
    "Annotation",
    "ApplicationCertificate",
    "BadCertificate",
    "Capability",
    "CkcError",
    "ContentKey",
    "Duration",
    "FairPlayError",
    "HdcpLevel",
    "KeyServer",
    "KeyType",
    "License",
    "MessageKeys",
    "OfflineKey",
    "Playback",
    "PlaybackState",
    "RandomBytes",
    "SpcContents",
    "SpcError",
    "annotate_ckc",
    "annotate_spc",
    "build_spc",
    "certificate_hash",
    "device_id_of",
    "keys_of",
    "load_certificate",
    "open_ckc",
    "open_spc",
    "seal_ckc",
]
