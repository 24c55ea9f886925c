"""Where a request came from; the doors of releases ask it here."""

from access_portal.client_address import client_address

__all__ = ["client_address"]
