"""The stage: what a simulated world needs and the protocol does not. Knows none of the parties.

What a program may import is in these modules, by these names; nothing else is promised:

    simulation.clock           Clock
    simulation.error_numbers   Number, NUMBERS, BY_NUMBER
    simulation.journal         Journal
    simulation.steps           Step
"""

__all__ = ["clock", "error_numbers", "journal", "steps"]
