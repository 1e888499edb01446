"""A mock of Intertrust ExpressPlay for FairPlay: token, license and record services over one transaction log.

What a program may import is in these modules, by these names; nothing else is promised:

    expressplay_mock.app               create_app, Config
    expressplay_mock.accounts          Account, Environment
    expressplay_mock.credentials       Credentials, StateError, new_credentials, seeded_credentials
    expressplay_mock.transaction_log   LogUnavailable
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
