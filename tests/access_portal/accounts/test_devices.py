"""Sign-in by device: a program asks, a person answers, the token is fetched once, by nobody else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone

from access_portal.accounts.closing import close_account, sign_out_everywhere
from access_portal.accounts.devices import commands
from access_portal.accounts.devices.codes import LETTERS, device_digest, typed, user_digest
from access_portal.accounts.devices.errors import PollError
from access_portal.accounts.devices.forgetting import forget_requests_due, requests_due
from access_portal.accounts.devices.limits import GUESSES, GUESSES_NEARBY, NEW_CODES, network_of
from access_portal.accounts.devices.models import DeviceRequest
from access_portal.accounts.models import ApiToken, Role, Scope, User
from access_portal.accounts.tokens import authenticate
from access_portal.audit.models import Event
from access_portal.errors import GatehouseError
from access_portal.outbox.models import OutboxMail
from tests.access_portal.applications.acting import code_of
from tests.access_portal.applications.scenes import make_staff
from tests.factories import make_user
from tests.races import at_once

pytestmark = pytest.mark.django_db
NOW = timezone.now()
HERE = "192.0.2.7"
SECOND = timedelta(seconds=1)
END = NOW + commands.LASTS


@pytest.fixture(autouse=True)
def _counts(redis_server: redis.Redis) -> None:
    redis_server.flushall()


@pytest.fixture
def ada() -> User:
    return make_user("ada")


def ask(now: datetime = NOW, **changes: Any) -> tuple[DeviceRequest, str, str]:
    words = {"client_name": "gatehouse 0.1", "scopes": ["read", "download"], "address": HERE, "user_agent": "curl"}
    return commands.ask(**{**words, "now": now, **changes})


def allow(actor: User, code: str, now: datetime = NOW, **changes: Any) -> DeviceRequest:
    words = {"scopes": ["read", "download"], "name": "laptop", "days": 30, "address": HERE}
    return commands.allow(**{"actor": actor, "code": code, "now": now, **words, **changes})


def poll(device_code: str, now: datetime = NOW) -> str:
    """The error, or `token`."""
    try:
        commands.collect(device_code=device_code, now=now)
    except PollError as refused:
        return refused.error
    return "token"


def test_what_is_allowed_is_fetched_once(ada: User) -> None:
    _asked, device_code, user_code = ask()
    assert poll(device_code) == "authorization_pending"
    allow(ada, user_code, scopes=["download"])
    token, secret = commands.collect(device_code=device_code, now=NOW)
    assert (token.name, token.scopes, token.expires_at) == ("laptop", ["download"], NOW + timedelta(days=30))
    assert authenticate(secret, now=NOW, scope=Scope.DOWNLOAD) == token
    assert (poll(device_code), ApiToken.objects.count()) == ("invalid_grant", 1)


def test_no_code_and_no_secret_is_kept_anywhere(ada: User) -> None:
    asked, device_code, user_code = ask()
    allow(ada, user_code)
    _token, secret = commands.collect(device_code=device_code, now=NOW)
    kept = "".join(str(list(model.objects.values())) for model in (DeviceRequest, ApiToken, Event, OutboxMail))
    assert not [code for code in (device_code, user_code, secret) if code in kept]
    assert asked.code_digest not in (user_code, device_digest(user_code))  # a plain digest could be turned round


def test_it_is_on_record_and_told_by_mail(ada: User) -> None:
    _asked, device_code, user_code = ask(client_name="curl <b>\u202e http://evil.example\nSubject: x")
    allow(ada, user_code)
    commands.collect(device_code=device_code, now=NOW)
    names = Event.objects.filter(subject=f"user:{ada.pk}").order_by("sequence").values_list("name", flat=True)
    assert list(names) == ["device_allowed", "token_issued"]
    mail = OutboxMail.objects.get(user=ada)
    assert mail.subject == "The program curl <b> http evil.example Subject: x was signed in to your account"
    assert (HERE in mail.body, "Download weights" in mail.body, "/account/tokens/" in mail.body) == (True, True, True)


def test_a_refusal_reaches_the_program(ada: User) -> None:
    _asked, device_code, user_code = ask()
    commands.refuse(actor=ada, code=user_code, address=HERE, now=NOW)
    assert poll(device_code, END + timedelta(hours=1)) == "access_denied"
    assert code_of(allow, actor=ada, code=user_code) == "device_code_unknown"
    assert Event.objects.get(subject=f"user:{ada.pk}").name == "device_refused"


def test_a_code_ends_after_a_quarter_of_an_hour(ada: User) -> None:
    _asked, device_code, user_code = ask()
    assert code_of(allow, actor=ada, code=user_code, now=END) == "device_code_unknown"
    assert poll(device_code, END - SECOND) == "authorization_pending"
    allow(ada, user_code, END - SECOND)
    assert poll(device_code, END) == "expired_token"
    assert not ApiToken.objects.exists()


POLLS = [  # seconds between one question and the next, and what is answered
    [(0, "authorization_pending"), (5, "authorization_pending"), (5, "authorization_pending")],
    [(0, "authorization_pending"), (4, "slow_down"), (9, "slow_down"), (15, "authorization_pending")],
    [(0, "authorization_pending"), (0, "slow_down"), (10, "authorization_pending"), (9, "slow_down")],
]


@pytest.mark.parametrize("polls", POLLS, ids=["in time", "too early", "slower for good"])
def test_a_program_that_asks_too_often_has_to_slow_down(polls: list[tuple[int, str]]) -> None:
    _asked, device_code, _user_code = ask()
    moment = NOW
    for wait, expected in polls:
        moment += timedelta(seconds=wait)
        assert poll(device_code, moment) == expected


def test_slowing_down_has_an_end() -> None:
    asked, device_code, _user_code = ask()
    assert {poll(device_code) for _ in range(30)} == {"authorization_pending", "slow_down"}
    asked.refresh_from_db()
    assert asked.interval_seconds == 60


def test_whoever_was_too_quick_still_gets_the_token_that_was_allowed(ada: User) -> None:
    _asked, device_code, user_code = ask()
    for _ in range(3):
        poll(device_code)
    allow(ada, user_code)
    assert poll(device_code) == "token"


WRONG = ["", "gd_", "gd_" + "x" * 43, "\0", "\ud800", "é" * 99]


@pytest.mark.parametrize("code", WRONG, ids=ascii)
def test_a_foreign_device_code_gets_nothing(code: str, ada: User) -> None:
    _asked, _device_code, user_code = ask()
    allow(ada, user_code)
    assert poll(code) == "invalid_grant"
    assert poll(user_code) == "invalid_grant"


BAD = [
    ({"client_name": " \n\u202e"}, "client_name_missing"),
    ({"scopes": []}, "token_scope_unknown"),
    ({"scopes": ["read", "root"]}, "token_scope_unknown"),
]


@pytest.mark.parametrize(("changes", "code"), BAD, ids=str)
def test_what_cannot_be_is_not_asked(changes: dict[str, Any], code: str) -> None:
    assert code_of(ask, **changes) == code
    assert not DeviceRequest.objects.exists()


TOO_MUCH = [
    ({"scopes": ["read", "jobs"]}, "token_scope_unknown"),  # which the program did not ask for
    ({"scopes": ["read", "review"]}, "token_scope_unknown"),  # for which the person has no role
    ({"scopes": []}, "token_scope_unknown"),
    ({"name": " "}, "token_name_missing"),
    ({"days": 0}, "token_days"),
    ({"days": 366}, "token_days"),
]


@pytest.mark.parametrize(("changes", "code"), TOO_MUCH, ids=str)
def test_nobody_allows_more_than_was_asked_or_than_they_have(changes: dict[str, Any], code: str, ada: User) -> None:
    _asked, device_code, user_code = ask(scopes=["read", "review"])
    assert code_of(allow, actor=ada, code=user_code, **changes) == code
    assert poll(device_code) == "authorization_pending"


@pytest.mark.parametrize(
    ("role", "factor", "allowed"), [(None, True, False), (Role.DECIDER, False, False), (Role.DECIDER, True, True)]
)
def test_the_scope_of_staff_needs_a_role_and_the_second_factor(role: Role | None, factor: bool, allowed: bool) -> None:
    roles = [role] if role else []
    ben = make_staff("ben", *roles) if factor else make_user("ben", *roles)
    _asked, _device_code, user_code = ask(scopes=["review"])
    try:
        allow(ben, user_code, scopes=["review"])
        done = True
    except GatehouseError as refused:
        done = refused.code != "token_scope_unknown"
    assert done == allowed


def test_the_second_browser_comes_too_late(ada: User) -> None:
    _asked, device_code, user_code = ask()
    allow(ada, user_code)
    assert code_of(allow, actor=make_user("cy"), code=user_code) == "device_code_unknown"
    token, _secret = commands.collect(device_code=device_code, now=NOW)
    assert token.user == ada


def test_wrong_codes_are_counted_and_right_ones_are_not(ada: User) -> None:
    _asked, _device_code, user_code = ask()
    look = {"actor": ada, "address": HERE, "now": NOW}
    for _ in range(GUESSES.most + 5):
        commands.look_up(code=user_code, **look)  # type: ignore[arg-type]
    outcomes = [code_of(commands.look_up, code=f"BBBBBBB{LETTERS[n]}", **look) for n in range(GUESSES.most + 2)]
    assert outcomes == ["device_code_unknown"] * GUESSES.most + ["too_many_tries"] * 2
    assert code_of(allow, actor=ada, code=user_code) == "too_many_tries"  # the right one does not help any more


def test_many_accounts_on_one_network_guess_no_more_than_a_few() -> None:
    crowd = [make_user(f"bot-{n}") for n in range(7)]
    outcomes = [
        code_of(commands.look_up, actor=bot, code="BBBBBBBB", address=HERE, now=NOW)
        for bot in crowd
        for _ in range(GUESSES.most)
    ]
    assert outcomes.count("device_code_unknown") == GUESSES_NEARBY.most


def test_a_network_asks_for_so_many_codes_and_no_more() -> None:
    addresses = [f"2001:db8::{n:x}" for n in range(1, NEW_CODES.most + 1)]  # all of one person's network
    for address in addresses:
        ask(address=address)
    assert code_of(ask, address="2001:db8::ffff") == "too_many_tries"
    assert ask(address="2001:db8:0:1::1")
    assert (network_of(None), network_of(HERE)) == ("nowhere", HERE)


TYPED = {
    "WDJB-MJHT": "WDJBMJHT", " wdjb mjht\n": "WDJBMJHT", "wdjb–mjht": "WDJBMJHT", "WDJBMJH": "", "WDJB-MJHTX": "",
    "ADJB-MJHT": "", "": "", "B" * 10_000: "", "ＷＤＪＢＭＪＨＴ": "", "\0" * 8: "",
}  # fmt: skip


@pytest.mark.parametrize("text", TYPED, ids=lambda text: ascii(text[:20]))
def test_a_code_is_read_as_people_type_it(text: str) -> None:
    assert typed(text) == TYPED[text]
    assert len(user_digest(TYPED[text])) == 64


@pytest.mark.parametrize("end", [sign_out_everywhere, close_account], ids=lambda end: end.__name__)
def test_ending_all_tokens_ends_what_was_not_fetched(end: Any, ada: User) -> None:
    _asked, device_code, user_code = ask()
    allow(ada, user_code)
    more = {"reason": "asked", "words": ""} if end is close_account else {}
    end(person=ada, actor=None, now=NOW, **more)
    assert (poll(device_code), ApiToken.objects.count()) == ("access_denied", 0)


def test_an_account_that_was_closed_behind_our_back_gets_no_token(ada: User) -> None:
    _asked, device_code, user_code = ask()
    allow(ada, user_code)
    User.objects.update(is_active=False)
    assert poll(device_code) == "access_denied"


def test_old_codes_are_forgotten_a_day_after_their_end() -> None:
    asked, _device_code, _user_code = ask()
    day = asked.expires_at + timedelta(days=1)
    assert (requests_due(day - SECOND).count, forget_requests_due(day - SECOND)) == (0, 0)
    assert (requests_due(day).count, forget_requests_due(day), forget_requests_due(day)) == (1, 1, 0)


@pytest.mark.django_db(transaction=True)
def test_programs_that_fetch_at_once_get_one_token() -> None:
    _asked, device_code, user_code = ask()
    allow(make_user("ada"), user_code)
    outcomes: list[str] = []
    at_once(*[lambda: outcomes.append(poll(device_code))] * 4)
    assert sorted(outcomes) == ["invalid_grant"] * 3 + ["token"]
    assert ApiToken.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_allow_at_once_one_does() -> None:
    _asked, device_code, user_code = ask()
    people = [make_user("ada"), make_user("cy")]
    calls = [lambda who=who: allow(who, user_code) for who in people]
    assert at_once(*calls) == ["device_code_unknown", "ok"]
    assert poll(device_code) == "token"


@pytest.mark.django_db(transaction=True)
def test_closing_the_account_while_the_token_is_fetched_leaves_no_token_that_works() -> None:
    ada = make_user("ada")
    _asked, device_code, user_code = ask()
    allow(ada, user_code)
    at_once(lambda: poll(device_code), lambda: sign_out_everywhere(person=ada, actor=None, now=NOW))
    assert not [token for token in ApiToken.objects.all() if token.is_usable(NOW)]
