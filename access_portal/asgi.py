"""The ASGI entry point: pages, API and streams from one process."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "access_portal.settings")

application = get_asgi_application()
