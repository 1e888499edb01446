"""A mock of Intertrust ExpressPlay for FairPlay: token, license and record services over one transaction log.

What `__all__` names is for programs that embed the mock; nothing else is promised to stay.
"""

__version__ = "0.1.0"

from expressplay_mock.accounts import Account, Environment
from expressplay_mock.app import Config, create_app
from expressplay_mock.credentials import Credentials, StateError, new_credentials, seeded_credentials
from expressplay_mock.transaction_log import LogUnavailable

__all__ = [
    "Account",
    "Config",
    "Credentials",
    "Environment",
    "LogUnavailable",
    "StateError",
    "__version__",
    "create_app",
    "new_credentials",
    "seeded_credentials",
]
