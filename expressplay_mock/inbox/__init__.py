"""The journal for people: the command `expressplay-mock journal`, and `/_sim/` as a page."""
