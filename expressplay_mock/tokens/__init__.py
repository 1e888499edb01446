"""Tokens: the request for one, the key inside it, and the sealed bytes."""
