"""What is shown of somebody's identity: to reviewers with answers and comments, to the applicant without."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from access_portal.accounts.models import Role, User
from access_portal.applications.models import Application, Round
from access_portal.references.commands import answer_reference
from access_portal.references.evidence import identity_of
from access_portal.references.models import Reference
from release.models import Family
from tests.access_portal.applications.scenes import make_staff
from tests.access_portal.references.scenes import DAY, SUPERVISOR, apply, letters, secret_in, the_reference
from tests.factories import make_user

pytestmark = pytest.mark.django_db
ORCID, OTHER = "0000-0002-1825-0097", "0000-0001-5109-3700"


def shown(user: User, **answers: Any) -> dict[str, list[tuple[str, str]]]:
    """Kind -> level and what was seen."""
    found: dict[str, list[tuple[str, str]]] = {}
    for item in identity_of(user, answers):
        found.setdefault(item.kind, []).append((str(item.level), item.what))
    return found


def test_every_proven_address_is_shown_with_what_it_is_worth(ada: User) -> None:
    EmailAddress.objects.create(user=ada, email="ada@gmail.com", verified=True)
    EmailAddress.objects.create(user=ada, email="ada@mit.edu", verified=False)
    assert shown(ada, institution="Uni Example")["address"] == [
        ("success", "ada@uni.example"), ("info", "ada@gmail.com"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("linked", "typed", "seen"),
    [
        ("", "", None), ("", ORCID, ("info", ORCID)), (ORCID, ORCID, ("success", ORCID)),
        (ORCID, "", ("success", ORCID)), (ORCID, OTHER, ("warning", OTHER)), ("", "not an iD", None),
    ],
)  # fmt: skip
def test_an_orcid_is_proven_typed_or_at_odds(ada: User, linked: str, typed: str, seen: tuple[str, str] | None) -> None:
    if linked:
        SocialAccount.objects.create(user=ada, provider="orcid", uid=linked)
    assert shown(ada, orcid=typed).get("orcid") == ([seen] if seen else None)


def test_publications_and_page_are_said_to_be_unchecked(ada: User) -> None:
    (works, page) = [
        item
        for item in identity_of(ada, {"publications": "a\n\nb\n", "web_page": "https://x"})
        if item.kind != "address"
    ]
    assert works.what == "Publications: 2"
    assert "not checked" in works.worth
    assert "not checked" in page.worth


@pytest.mark.parametrize("value", [None, 7, [], {}, "<b>\u202e" + "x" * 10_000])
@pytest.mark.parametrize("question", ["institution", "orcid", "publications", "web_page"])
def test_hostile_answers_make_no_error(ada: User, question: str, value: object) -> None:
    assert shown(ada, **{question: value})["address"]


def answered(application: Application, **changes: str) -> Reference:
    values = {"verdict": "denied", "name": "Grete <b>", "comment": "Never <i>met</i>.", **changes}
    return answer_reference(secret=secret_in(letters()[-1]), reader=None, now=timezone.now(), **values)


def render(tag: str, application: Application, user: object) -> str:
    template = Template("{% load references %}{% " + tag + " application %}")
    return template.render(Context({"application": application, "user": user}))


def test_reviewers_read_answer_and_comment_as_text(ada: User, family: Family) -> None:
    application = apply(ada, family, now=timezone.now())
    answered(application)
    panel = render("references_panel", application, make_staff("ben", Role.REVIEWER))
    for wanted in ("Never &lt;i&gt;met", "Grete &lt;b&gt;", "I do not know this person", SUPERVISOR, "ada@uni.example"):
        assert wanted in panel
    assert "Write again" not in panel


def test_the_applicant_sees_that_they_answered_and_not_what(ada: User, family: Family, client: Client) -> None:
    application = apply(ada, family, now=timezone.now())
    answered(application)
    client.force_login(ada)
    pages = [
        client.get(f"/applications/{application.number}/").content.decode(),
        render("references_panel", application, ada),  # a reviewer's own case
        client.get("/account/identity/").content.decode(),
    ]
    for page in pages:
        assert "Answered on" in page
        assert "Never" not in page
        assert "do not know this person" not in page


def test_a_purpose_that_changed_after_the_answer_is_said(ada: User, family: Family) -> None:
    application = apply(ada, family, now=timezone.now())
    answered(application)
    assert "was changed after" not in render("references_panel", application, AnonymousUser())
    first = Round.objects.get(application=application)
    Round.objects.create(
        application=application, number=2, answers={**first.answers, "purpose": "Another one."}, form=first.form,
        acceptance=first.acceptance, sent_at=timezone.now(),
    )  # fmt: skip
    application.rounds = 2
    assert "was changed after" in render("references_panel", application, AnonymousUser())


def test_the_panel_takes_few_queries(
    ada: User, family: Family, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    application = Application.objects.select_related("applicant").get(pk=apply(ada, family).pk)
    with django_assert_num_queries(4):
        render("references_panel", application, AnonymousUser())


def test_asking_again_is_a_button_that_posts(ada: User, family: Family, client: Client) -> None:
    reference = the_reference(apply(ada, family, now=timezone.now() - DAY))
    client.force_login(ada)
    path = f"/references/{reference.pk}/resend/"
    assert client.get(path).status_code == 405
    assert client.post(path).headers["Location"] == f"/applications/{reference.application.number}/"
    assert len(letters()) == 2
    assert client.post(path).status_code == 409
    client.force_login(make_user("eve"))
    assert client.post(path).status_code == 404
    assert Client().post(path).headers["Location"].startswith("/account/login/")


def test_the_page_about_oneself_is_ones_own(client: Client, ada: User, family: Family) -> None:
    apply(ada, family)
    client.force_login(make_user("eve"))
    page = client.get("/account/identity/").content.decode()
    assert "eve@uni.example" in page
    assert "ada@uni.example" not in page
    assert SUPERVISOR not in page
    assert "Link your ORCID" not in page
