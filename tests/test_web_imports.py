"""A web process serves every address without PyTorch, which only workers have."""

from __future__ import annotations

import subprocess
import sys


def test_the_addresses_of_the_house_import_no_torch() -> None:
    code = (
        "import sys, django; django.setup()\n"
        "from django.urls import get_resolver\n"
        "assert get_resolver().url_patterns\n"
        "import access_portal.asgi, access_portal.celery\n"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
