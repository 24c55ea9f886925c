"""Addresses that nobody would type: no page answers one of them with an error of its own."""

from __future__ import annotations

import re
from itertools import product

import pytest
import redis
from django.test import Client
from django.utils import timezone

from access_portal.accounts.models import Scope
from access_portal.accounts.tokens import issue_token
from release.models import Variant
from tests.access_portal.doors.cast import Who, furnish, make_cast
from tests.access_portal.doors.table import ADDRESSES, DOORS
from tests.factories import make_release

pytestmark = pytest.mark.django_db
NUL, HUGE, LONG, BIDI = "%00", "9" * 30, "x" * 4000, "%E2%80%AE%0A<b>"
PARAMETERS = (
    "q", "page", "show", "since", "until", "family", "model", "action", "person", "number", "previous", "step",
    "before", "after", "check", "purpose", "order", "ask", "about", "view", "sort", "days", "next", "kind", "actor",
)  # fmt: skip
ABOVE = (  # pages of the rooms above that take words in their address, and the APIs
    "/models/{}/", "/models/toy/{}/", "/models/toy/1m/{}/", "/models/toy/1m/v1/download/{}", "/jobs/{}/",
    "/jobs/1/files/{}", "/gatehouse/{}/resolve/main/params.json", "/{}/toy-1m/resolve/main/params.json",
    "/gatehouse/toy-1m/resolve/{}/params.json", "/gatehouse/toy-1m/resolve/main/{}", "/v1/models/{}", "/v1/files/{}",
    "/v1/batches/{}", "/portal/v1/applications/{}", "/portal/v1/applications/{}/events", "/portal/v1/grants/{}",
    "/portal/v1/grants/{}/events", "/portal/v1/reports/{}", "/portal/v1/access?model={}", "/portal/v1/{}",
    "/portal/v1/access?model=toy-1m&person={}", "/portal/v1/review/queue?text={}&family={}&after={}",
)  # fmt: skip


@pytest.mark.parametrize("who", [Who.HOLDER, Who.ADMIN, Who.OPERATOR, Who.DECIDER])
@pytest.mark.parametrize("hostile", [NUL, HUGE, LONG, BIDI], ids=["nul", "huge", "long", "bidi"])
def test_a_page_answers_whatever_its_address_says(who: Who, hostile: str, redis_server: redis.Redis) -> None:
    cast = make_cast()
    places = furnish(cast)
    visitor = Client(raise_request_exception=False)
    visitor.force_login(cast[who])
    query = "&".join(f"{name}={hostile}" for name in PARAMETERS)
    addresses = [(method, f"{ADDRESSES[name].format(**places)}?{query}") for name, method in DOORS if method == "get"]
    odd = [f"/{re.sub('[{][a-z]+[}]|[0-9]+', hostile, address.strip('/'))}/" for address in ADDRESSES.values()]
    addresses += product(("get", "post"), [*odd, *(address.format(*[hostile] * 3) for address in ABOVE)])
    answers = {(method, path): getattr(visitor, method)(path).status_code for method, path in addresses}
    assert not {door for door, status in answers.items() if status >= 500 and "heartbeat" not in door[1]}


@pytest.mark.parametrize("hostile", [NUL, HUGE, LONG, BIDI], ids=["nul", "huge", "long", "bidi"])
def test_programs_are_answered_as_well(hostile: str, redis_server: redis.Redis) -> None:
    cast = make_cast()
    furnish(cast)
    make_release(Variant.objects.get(model_id="toy-1m"))
    _token, secret = issue_token(actor=cast[Who.DECIDER], name="t", scopes=list(Scope), days=1, now=timezone.now())
    program = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret}"})
    addresses = [address.format(*[hostile] * 3) for address in ABOVE]
    assert not {address for address in addresses if program.get(address).status_code >= 500}
