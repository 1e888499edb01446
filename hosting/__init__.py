"""Serving a party as a process of its own: server, workers, TLS, command-line options, health. Knows no party.

What a program may import is in these modules, by these names; nothing else is promised:

    hosting.process       start, running_program, Service, StartError
    hosting.serving       running
    hosting.http_client   new_session
    hosting.deadline      within
    hosting.tls.tls       ClientTls, ServerTls, TlsError
"""

__all__ = ["deadline", "http_client", "process", "serving", "tls"]
