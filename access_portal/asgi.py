"""The ASGI entry point: pages, API and streams from one process."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "access_portal.settings")

pages = get_asgi_application()  # sets Django up, which the import below needs

from access_portal.api_handler import ApiHandler  # noqa: E402

api = ApiHandler()


async def application(scope: Any, receive: Any, send: Any) -> None:
    """The API has a handler of its own; the addresses of both are in urls.py."""
    is_api = scope["type"] == "http" and scope["path"].startswith("/v1/")
    await (api if is_api else pages)(scope, receive, send)
