"""SEES: the provider's entitlement server. It knows the titles and who may watch; ExpressPlay makes licenses.

What a program may import is in these modules, by these names; nothing else is promised:

    server.app           create_app, Config
    server.catalog       load_catalog, Catalog, CatalogError
    server.expressplay   ExpressPlayAccount
"""

__all__ = ["SERVICE", "__version__"]

__version__ = "0.1.0"
SERVICE = "sees-server"
