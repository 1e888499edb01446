"""Serving a party as a process of its own: server, workers, TLS, command-line options, health. Knows no party."""
