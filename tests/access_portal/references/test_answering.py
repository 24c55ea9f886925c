"""The page behind the link: looking changes nothing, an answer is given once, and a receipt tells on forwarders."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.models import Application, Signal
from access_portal.audit.commands import first_broken
from access_portal.audit.models import Event
from access_portal.errors import ConflictError, GatehouseError, InvalidError, NotFoundError, PermissionRefusedError
from access_portal.outbox.models import OutboxMail
from access_portal.references.commands import answer_reference, resend_reference
from access_portal.references.keeping import remind_due
from access_portal.references.models import Letter, Reference
from release.models import Family
from tests.access_portal.applications.scenes import make_open_family, make_staff
from tests.access_portal.references.scenes import (
    DAY,
    NOW,
    STUDENT,
    SUPERVISOR,
    apply,
    letters,
    link_in,
    secret_in,
    the_reference,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db
GOOD = {"verdict": "confirmed", "name": "Grete Example", "comment": ""}


@pytest.fixture
def sent(ada: User, family: Family) -> Application:
    """An application sent just now, since pages look at the real clock."""
    return apply(ada, family, now=timezone.now())


def answer(secret: str, **changes: Any) -> Reference:
    return answer_reference(**{"secret": secret, "reader": None, "now": NOW, **GOOD, **changes})


def the_link() -> str:
    return link_in(letters()[-1])


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_any_number_of_times_changes_nothing(client: Client, sent: Application, method: str) -> None:
    before = list(Reference.objects.values()), Event.objects.count(), OutboxMail.objects.count()
    for _ in range(3):
        assert getattr(client, method)(the_link()).status_code == 200
    assert (list(Reference.objects.values()), Event.objects.count(), OutboxMail.objects.count()) == before


def test_the_page_says_who_asks_and_for_what_and_no_more(client: Client, sent: Application) -> None:
    answer = client.get(the_link())
    page = answer.content.decode()
    for wanted in ("Ada Example", "Example University", "Toy", "agree in number"):
        assert wanted in page
    for private in ("ada@uni.example", str(sent.number), "0000-0002-1825-0097", "Malaysia"):
        assert private not in page
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in answer.headers["Cache-Control"]


def test_nothing_is_chosen_beforehand_and_an_empty_form_is_no_answer(client: Client, sent: Application) -> None:
    assert " checked" not in client.get(the_link()).content.decode()
    assert client.post(the_link(), {}).status_code == 422
    assert the_reference(sent).answered_at is None


@pytest.mark.parametrize(
    ("verdict", "kind", "level"),
    [
        ("confirmed", "voucher_confirmed", "success"), ("denied", "voucher_denied", "warning"),
        ("unsure", "voucher_unsure", "info"),
    ],
)  # fmt: skip
def test_an_answer_is_kept_signalled_recorded_and_told(
    client: Client, sent: Application, verdict: str, kind: str, level: str
) -> None:
    ben = make_staff("ben", Role.REVIEWER)
    commands.claim(actor=ben, number=str(sent.number), version=sent.version, now=NOW)
    client.post(the_link(), {**GOOD, "verdict": verdict, "comment": "Since 2021."})
    reference = the_reference(sent)
    assert (reference.verdict, reference.comment, reference.answered_round) == (verdict, "Since 2021.", 1)
    signal = Signal.objects.get(application=sent, source="references")
    assert (signal.kind, signal.level, signal.value) == (kind, level, "supervisor, @uni.example")
    assert Event.objects.filter(subject=sent.subject, name="application_reference_answered").count() == 1
    assert first_broken(sent.subject) is None
    assert OutboxMail.objects.filter(user=ben, template="reference_answered").count() == 1


def test_an_answer_changes_no_state_but_nobody_decides_without_having_seen_it(
    client: Client, sent: Application
) -> None:
    client.post(the_link(), {**GOOD, "verdict": "denied"})
    after = Application.objects.get(pk=sent.pk)
    assert (after.state, after.version) == (sent.state, sent.version + 1)
    with pytest.raises(ConflictError) as caught:
        commands.claim(actor=make_staff("ben", Role.REVIEWER), number=str(sent.number), version=sent.version, now=NOW)
    assert caught.value.code == "stale_version"


def test_the_answer_goes_to_the_address_that_was_asked_whoever_used_the_link(client: Client, sent: Application) -> None:
    client.post(the_link(), {**GOOD, "name": "Somebody else"})
    receipt = OutboxMail.objects.get(template="reference_receipt")
    assert receipt.to == SUPERVISOR
    assert "stand behind it" in receipt.body
    assert "not you" in receipt.body


def test_a_link_is_used_once(client: Client, sent: Application) -> None:
    client.post(the_link(), GOOD)
    again = client.post(the_link(), {**GOOD, "verdict": "denied"})
    assert "this is answered" in again.content.decode()
    assert the_reference(sent).verdict == "confirmed"
    assert OutboxMail.objects.filter(template="reference_receipt").count() == 1
    with pytest.raises(ConflictError, match="reference_answered"):
        answer(secret_in(letters()[0]), verdict="denied")


def test_after_an_answer_the_page_says_when_and_not_what(client: Client, sent: Application) -> None:
    client.post(the_link(), {**GOOD, "verdict": "denied", "comment": "Never met."})
    page = client.get(the_link()).content.decode()
    assert "We got the answer on" in page
    assert "Never met." not in page
    assert "do not know" not in page


def test_every_letter_leads_to_the_one_question(ada: User, family: Family) -> None:
    apply(ada, family)
    remind_due(NOW + 7 * DAY)
    first, second = (secret_in(mail) for mail in letters())
    answer(first, now=NOW + 8 * DAY)
    with pytest.raises(ConflictError, match="reference_answered"):
        answer(second, now=NOW + 8 * DAY)


def altered(secret: str) -> list[str]:
    other = "A" if secret[5] != "A" else "B"
    return [
        f"{secret[:5]}{other}{secret[6:]}",
        secret[:-1],
        f"{secret}A",
        secret.swapcase(),
        "x",
        "%00",
        "\u202e" + secret,
    ]


def test_an_altered_link_and_one_that_is_over_look_the_same(client: Client, ada: User, family: Family) -> None:
    apply(ada, family)  # in March, which is over
    pages = [client.get(f"/reference/{secret}/") for secret in altered(secret_in(letters()[0]))]
    pages.append(client.get(the_link()))
    assert {page.status_code for page in pages} == {404}
    assert all("or its time is over" in page.content.decode() for page in pages)
    for secret in altered(secret_in(letters()[0])):
        with pytest.raises(NotFoundError, match="reference_link"):
            answer(secret)


@pytest.mark.parametrize(("days", "works"), [(20, True), (21, False)])
def test_a_link_works_for_three_weeks(ada: User, family: Family, days: int, works: bool) -> None:
    apply(ada, family)
    secret = secret_in(letters()[0])
    if works:
        assert answer(secret, now=NOW + days * DAY).verdict == "confirmed"
        return
    with pytest.raises(NotFoundError, match="reference_link"):
        answer(secret, now=NOW + days * DAY)


def test_nothing_is_answered_about_an_application_that_was_withdrawn_meanwhile(
    client: Client, sent: Application
) -> None:
    commands.withdraw(actor=sent.applicant, number=str(sent.number), now=NOW)
    page = client.post(the_link(), GOOD)
    assert page.status_code == 200
    assert "No answer is needed" in page.content.decode()
    assert the_reference(sent).answered_at is None
    with pytest.raises(ConflictError, match="reference_not_needed"):
        answer(secret_in(letters()[0]))
    with pytest.raises(ConflictError, match="reference_not_needed"):
        resend_reference(actor=sent.applicant, reference_id=the_reference(sent).pk, now=NOW)


def test_the_applicant_does_not_answer_for_the_supervisor(client: Client, sent: Application) -> None:
    client.force_login(sent.applicant)
    assert client.post(the_link(), GOOD).status_code == 403
    assert the_reference(sent).answered_at is None
    with pytest.raises(PermissionRefusedError, match="own_reference"):
        answer(secret_in(letters()[0]), reader=sent.applicant)


BAD = [
    ({"verdict": "perfect"}, "verdict_unknown"), ({"verdict": ""}, "verdict_unknown"),
    ({"comment": "x" * 2001}, "comment_too_long"), ({"name": " \n\u202e "}, "name_missing"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "code"), BAD)
def test_an_answer_that_is_none_is_refused(ada: User, family: Family, changes: dict[str, str], code: str) -> None:
    apply(ada, family)
    with pytest.raises(InvalidError) as error:
        answer(secret_in(letters()[0]), **changes)
    assert error.value.code == code
    assert not Signal.objects.filter(source="references").exists()


HOSTILE = "<script>alert(1)</script>\r\nBcc: x@evil.example \u202egrete\u2066 http://evil.example/?" + "A" * 100


def test_hostile_names_stay_text_on_one_line_and_name_no_page(client: Client, family: Family) -> None:
    ada = make_user("ada", is_active=True)
    User.objects.filter(pk=ada.pk).update(full_name=HOSTILE[:200])
    apply(
        User.objects.get(pk=ada.pk),
        family,
        now=timezone.now(),
        supervisor_name=HOSTILE[:200],
        purpose=f"{STUDENT['purpose']} {HOSTILE}",
    )
    (mail,) = letters()
    assert "\n" not in mail.subject
    for sign in ("\u202e", "\u2066", "http://evil"):
        assert sign not in mail.subject + mail.sealed_body
    assert "\nBcc:" not in mail.sealed_body
    page = client.get(link_in(mail)).content.decode()
    assert "<script>alert" not in page
    client.post(link_in(mail), {**GOOD, "name": HOSTILE[:200], "comment": HOSTILE})
    assert "\n" not in Reference.objects.get().answered_name


def test_the_link_costs_few_queries(
    client: Client, sent: Application, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(4):
        client.get(the_link())


def test_answers_cannot_be_rewritten_behind_the_back_of_the_commands(ada: User, family: Family) -> None:
    apply(ada, family)
    answer(secret_in(letters()[0]), comment="Never met.")
    for change in ({"verdict": "denied"}, {"answered_at": None, "verdict": ""}, {"comment": "Fine."}, {"round": 2}):
        with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
            Reference.objects.update(**change)
    assert Reference.objects.update(comment="") == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_answers_at_the_same_moment_one_counts() -> None:
    apply(make_user("ada"), make_open_family())
    secret, together = secret_in(letters()[0]), Barrier(2)

    def press(verdict: str) -> str:
        together.wait()
        try:
            return answer(secret, verdict=verdict).verdict
        except GatehouseError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as both:
        outcomes = list(both.map(press, ["confirmed", "denied"]))
    assert "reference_answered" in outcomes
    assert Reference.objects.get().verdict in outcomes
    assert Signal.objects.filter(source="references").count() == 1
    assert OutboxMail.objects.filter(template="reference_receipt").count() == 1


@pytest.mark.django_db(transaction=True)
def test_no_race_sends_a_fourth_letter_of_a_day() -> None:
    cases = [(make_user(f"student{n}"), make_open_family(f"toy{n}")) for n in range(5)]
    together = Barrier(5)

    def press(case: tuple[User, Family]) -> None:
        together.wait()
        try:
            apply(*case)
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as all_of_them:
        list(all_of_them.map(press, cases))
    assert Reference.objects.count() == 5
    assert sorted(Letter.objects.values_list("place", flat=True)) == [1, 2, 3]
