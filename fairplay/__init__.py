"""The messages that a FairPlay client and key server exchange: SPC and CKC. Sans-IO: bytes in, bytes out.

A device calls `build_spc` and `open_ckc`; a key server calls `open_spc` and `seal_ckc`. Time and random bytes
are arguments. Apple's secret D function is replaced by D-SIM (see `session_key`), and every message carries the
mark ``SIM1``: no real SPC can be opened with this package, and no real device accepts what it makes.
"""
