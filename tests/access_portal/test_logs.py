"""What reaches the log: no key that opens an account, no token, no signature, whoever wrote the line."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys

import pytest

from access_portal.logs import hide_secrets

KEY = "Mg:1xVyYY:dMbMrOAFzj-mQxmThozzp0lqsaEOD_GV22sqzadXG0o"
TOKEN = "gh_" + "aB3-_" * 8
LINES = {
    f"GET /account/confirm-email/{KEY}/": "GET /account/confirm-email/…/",
    f"Forbidden (CSRF): /account/confirm-email/{KEY}/": "Forbidden (CSRF): /account/confirm-email/…/",
    "GET /account/password/reset/key/1-cx2e5f-5f6a7b8c/": "GET /account/password/reset/key/…/",
    "GET /status/GH-2026-00001/aB3-_x/": "GET /status/…/",
    "GET /reference/Zq3vN0yW-4hKpJ1sT_8bXcE5rFgU7aLd2mQiOxYtVw0/": "GET /reference/…/",
    "GET /grants/join/Zq3vN0yW-4hKpJ1sT_8bXcE5rFgU7aLd2mQiOxYtVw0/": "GET /grants/join/…/",
    "GET /account/login/?next=/grants/join/Zq3vN0yW-4h/": "GET /account/login/?next=/grants/join/…/",
    "GET /account/login/?next=%2Fgrants%2Fjoin%2FZq3v_0%2F&x=1": "GET /account/login/?next=%2Fgrants%2Fjoin%2F…%2F&x=1",
    "GET /references/12/resend/": "GET /references/12/resend/",
    "GET /account/orcid/login/callback/?code=a1b2&state=c3d4": "GET /account/orcid/login/callback/?…",
    "GET /activate/?code=WDJB-MJHT&x=1": "GET /activate/?code=…&x=1",
    "GET /account/login/?next=/activate/%3Fcode%3DWDJB-MJHT": "GET /account/login/?next=/activate/%3Fcode%3D…",
    f"GET /?token={TOKEN}&x=1": "GET /?token=gh_…&x=1",
    "to http://s3/b/k?X-Amz-Expires=9&X-Amz-Signature=0af3&x": "to http://s3/b/k?X-Amz-Expires=9&X-Amz-Signature=…&x",
    "to https://d1/k?Expires=9&Signature=aB-_~9&Key-Pair-Id=K2": "to https://d1/k?Expires=9&Signature=…&Key-Pair-Id=K2",
    "GET /models/quill/5m/v1/": "GET /models/quill/5m/v1/",
}


@pytest.mark.parametrize(("line", "logged"), LINES.items())
def test_a_key_in_an_address_is_not_logged(line: str, logged: str) -> None:
    assert hide_secrets(None, "info", {"request": line, "code": 200}) == {"request": logged, "code": 200}


PROGRAM = f"""
import logging, structlog
from access_portal.logs import configure
configure({{"level": {logging.INFO}}})
logging.getLogger("django.request").warning("Not Found: %s", "/account/confirm-email/{KEY}/")
structlog.get_logger("ours").info("request_started", request="GET /account/password/reset/key/1-{KEY}/")
try:
    raise ValueError("{TOKEN}")
except ValueError:
    logging.getLogger("django.request").exception("failed")
"""


def test_every_logger_passes_by_the_same_filter() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 3
    assert KEY not in done.stdout
    assert TOKEN not in done.stdout
    assert lines[1]["request"] == "GET /account/password/reset/key/…/"


ADDRESSES = """
import django
django.setup()
from django.test import RequestFactory
from ipware import get_client_ip
print(get_client_ip(RequestFactory().get("/", headers={"X-Forwarded-For": "6.6.6.6, 9.9.9.9, 10.0.0.2"}))[0])
"""


@pytest.mark.parametrize(("proxies", "address"), [("0", "127.0.0.1"), ("1", "10.0.0.2"), ("2", "9.9.9.9")])
def test_the_address_in_the_log_is_what_our_own_proxies_saw(proxies: str, address: str) -> None:
    env = {**os.environ, "GATEHOUSE_TRUSTED_PROXIES": proxies}
    done = subprocess.run([sys.executable, "-c", ADDRESSES], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == address
