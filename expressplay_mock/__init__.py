"""A mock of Intertrust ExpressPlay for FairPlay: token, license and record services over one transaction log."""

__version__ = "0.1.0"
