"""The ASGI entry point: pages, API and streams from one process."""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "access_portal.settings")
django.setup(set_prefix=False)  # which the imports below need

from access_portal.api_handler import ApiHandler  # noqa: E402
from access_portal.bounded_handler import BoundedHandler  # noqa: E402

pages = BoundedHandler()
api = ApiHandler()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The API has a handler of its own; the addresses of both are in urls.py."""
    is_api = scope["type"] == "http" and scope["path"].startswith("/v1/")
    await (api if is_api else pages)(scope, receive, send)
