"""For the test suites of other people's systems: a pytest plugin, and a conformance kit for any SEES.

Importing this package loads none of its parts: it is in every pytest run of whoever has it installed.
"""

__version__ = "0.1.0"
