"""The conformance kit: numbered checks of anybody's SEES, each with the sentence of the public API that it holds."""
