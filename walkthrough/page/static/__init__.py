"""The page without a server: plain files, made from recordings of runs."""

__all__: list[str] = []
