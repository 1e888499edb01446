"""What a run looks like in a terminal: the drawn sequence, tables, reports."""
