"""TLS for services and clients: contexts, a throw-away authority, options, and why a connection did not come about."""
