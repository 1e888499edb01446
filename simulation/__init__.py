"""The stage: what a simulated world needs and the protocol does not. Knows none of the parties."""
