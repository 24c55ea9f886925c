"""Every page of the portal is tried by everybody: nobody comes further than the table says, whatever the address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.access_portal.doors.cast import Who, furnish, make_cast
from tests.access_portal.doors.table import ADDRESSES, DOORS, EMPTY

pytestmark = pytest.mark.django_db
THROUGH = {200, 302, 400, 409, 422}  # an answer about what was asked; a form sent empty is an error of its own
# Pages about grants and pages of staff that lie in a room above
ABOVE = ("release.access_page", "release.catalogue.log_views", "release.office.views", "release.office.records")


def views(patterns: list[URLPattern | URLResolver], namespace: str | None = None) -> Iterator[URLPattern]:
    """The pages that are views of ours; Django's tables, the sign-in pages and the API have tests of their own."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from views(pattern.url_patterns, pattern.namespace or namespace)
            continue
        module = str(getattr(pattern.callback, "__module__", ""))
        ours = module.startswith("access_portal.") or module in ABOVE
        if pattern.name and ours and namespace is None:
            yield pattern


def test_every_page_is_in_the_table() -> None:
    assert {str(page.name) for page in views(get_resolver().url_patterns)} == set(ADDRESSES)
    assert {name for name, _method in DOORS} == set(ADDRESSES)


def test_no_page_does_without_the_token_of_its_form() -> None:
    exempt = {str(page.name) for page in views(get_resolver().url_patterns) if hasattr(page.callback, "csrf_exempt")}
    assert exempt == set()


@pytest.mark.parametrize("who", Who)
def test_nobody_comes_further_than_the_table_says(who: Who, redis_server: redis.Redis, s3_server: str) -> None:
    cast = make_cast()
    places = furnish(cast)
    visitor = Client()
    if who != Who.ANYBODY:
        visitor.force_login(cast[who])
    seen = {door: answer_at(visitor, door, places) for door in DOORS}
    wrong = {door: answer for door, answer in seen.items() if not is_right(who, door, answer)}
    assert not {door: (answer.status_code, answer.get("Location")) for door, answer in wrong.items()}


def test_what_changes_something_takes_no_get(redis_server: redis.Redis, s3_server: str) -> None:
    cast = make_cast()
    places = furnish(cast)
    visitor = Client()
    visitor.force_login(cast[Who.ADMIN])
    for name in ADDRESSES:
        for method in ("get", "post"):
            if (name, method) not in DOORS:
                assert answer_at(visitor, (name, method), places).status_code == 405, (name, method)


def answer_at(visitor: Client, door: tuple[str, str], places: dict[str, str]) -> HttpResponse:
    """What this visitor gets; whatever it changed is taken back."""
    name, method = door
    with transaction.atomic():
        answer: HttpResponse = getattr(visitor, method)(ADDRESSES[name].format(**places))
        transaction.set_rollback(True)
    return answer


def is_right(who: Who, door: tuple[str, str], answer: HttpResponse) -> bool:
    audience, status = DOORS[door], answer.status_code
    asked_in = status == 302 and answer["Location"].startswith("/account/login/")
    if who in audience.who:
        return not asked_in and status in (THROUGH | {404} if door[0] in EMPTY else THROUGH)
    if who == Who.ANYBODY and who not in audience.but:
        return asked_in
    return status == audience.but.get(who, audience.refused)
