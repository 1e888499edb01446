"""What a run looks like in a terminal: the drawn sequence, tables, reports. For the commands only."""

__all__: list[str] = []
