"""SEES: the provider's entitlement server. It knows the titles and who may watch; ExpressPlay makes licenses."""

__version__ = "0.1.0"
SERVICE = "sees-server"
