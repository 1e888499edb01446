"""A run and its recording: the thirteen steps, what the parties journalled at each, and how two recordings differ."""
