"""A gallery of real web players, side by side on two virtual devices: the pages that the tests run, for the eye."""

__all__: list[str] = []
