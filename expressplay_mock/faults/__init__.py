"""Faults on demand: what can go wrong, the routes that set it, and where it acts."""
