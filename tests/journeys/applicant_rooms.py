"""Applications for the pages of applicants to show; each function makes its row and gives the path."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from access_portal.accounts.models import Role, User
from access_portal.applications import commands
from access_portal.applications.models import Application, State
from access_portal.applications.terms import Terms
from release.models import Family
from tests.access_portal.applications.scenes import (
    ANSWERS,
    CHECKED,
    REFUSAL,
    current_licence,
    make_application,
    make_open_family,
)
from tests.factories import make_user

MESSAGE = "I could send the approval of our ethics board on Monday.\n\nWould that help?"


def apply(actor: User, family: Family, **changes: object) -> Application:
    """A sent application for a family whose size is not 1m."""
    now = timezone.now() - timedelta(days=3)
    begun = commands.start_application(actor=actor, family=family, now=now)
    answers = {**ANSWERS, "sizes": [family.variants.all()[0].slug], **changes}
    number = str(begun.number)
    saved = commands.save_draft(actor=actor, number=number, version=begun.version, answers=answers, now=now)
    return commands.submit_application(
        actor=actor, number=number, version=saved.version, now=now, **current_licence(family)
    )


def empty_draft(user: User) -> str:
    """The form as it begins."""
    draft = commands.start_application(actor=user, family=make_open_family("gosling"), now=timezone.now())
    return reverse("edit_application", args=[draft.number])


def wrong_draft(user: User) -> str:
    """The form with answers that cannot be used."""
    draft = commands.start_application(actor=user, family=make_open_family("gosling"), now=timezone.now())
    answers = {**ANSWERS, "orcid": "none", "web_page": "not an address", "purpose": "Too short."}
    commands.save_draft(
        actor=user, number=str(draft.number), version=draft.version, answers=answers, now=timezone.now()
    )
    return reverse("edit_application", args=[draft.number])


def returned(user: User) -> Application:
    """With a question about an answer and one about the whole."""
    case = make_application(user, make_open_family("gosling"), State.IN_REVIEW)
    asks = [commands.Ask("What will you measure, and how?", "purpose"), commands.Ask("Who else works on this?")]
    soon = timezone.now() + timedelta(days=12)
    commands.request_info(
        actor=case.claimed_by, number=str(case.number), version=case.version, asks=asks, due_at=soon,
        now=timezone.now() - timedelta(hours=1),
    )  # fmt: skip
    case.refresh_from_db()
    return case


def returned_form(user: User) -> str:
    return reverse("edit_application", args=[returned(user).number])


def returned_page(user: User) -> str:
    return reverse("application", args=[returned(user).number])


def answered_returned(user: User) -> str:
    """About to be sent again, with what changed."""
    case = returned(user)
    replies = {asked.pk: "My supervisor; she is named above." for asked in case.info_requests.all()}
    commands.save_draft(
        actor=user, number=str(case.number), version=case.version, now=timezone.now(), replies=replies,
        answers={"purpose": ANSWERS["purpose"] + " We measure agreement by probing each layer."},
    )  # fmt: skip
    return reverse("review_and_send", args=[case.number])


def unfinished(user: User) -> str:
    return wrong_draft(user).replace("/edit/", "/send/")


def finished_draft(user: User) -> str:
    draft = commands.start_application(actor=user, family=make_open_family("gosling"), now=timezone.now())
    commands.save_draft(
        actor=user, number=str(draft.number), version=draft.version, answers=ANSWERS, now=timezone.now()
    )
    return reverse("review_and_send", args=[draft.number])


def licence_step(user: User) -> str:
    return finished_draft(user) + "?step=licence"


def approved(user: User) -> str:
    """Answered with a grant, after a few messages."""
    decider = make_user("dan", Role.REVIEWER, Role.DECIDER)
    case = make_application(user, make_open_family("gosling"), State.IN_REVIEW, holder=decider)
    hour_ago = timezone.now() - timedelta(hours=1)
    commands.send_message(actor=user, number=str(case.number), text=MESSAGE, now=hour_ago)
    commands.send_message(actor=decider, number=str(case.number), text="It would, thank you.", now=hour_ago)
    case.refresh_from_db()
    terms = Terms(12, 250_000, may_download=True, may_infer=True, variants=("1m",), reason="A clear question.")
    commands.approve(
        actor=decider, number=str(case.number), version=case.version, terms=terms, checked=CHECKED, now=hour_ago
    )
    return reverse("application", args=[case.number])


def refused(user: User) -> Application:
    """With a reason, and in time for an appeal."""
    decider = make_user("dan", Role.REVIEWER, Role.DECIDER)
    case = make_application(user, make_open_family("gosling"), State.IN_REVIEW, holder=decider)
    hour_ago = timezone.now() - timedelta(hours=1)
    return commands.refuse_fixable(
        actor=decider, number=str(case.number), version=case.version, now=hour_ago, **REFUSAL
    )


def refused_page(user: User) -> str:
    return reverse("application", args=[refused(user).number])


def appeal_form(user: User) -> str:
    return reverse("appeal_application", args=[refused(user).number])


def appealed(user: User) -> str:
    case = refused(user)
    words = "The second paragraph of my answer describes the method, step by step."
    commands.appeal(actor=user, number=str(case.number), text=words, now=timezone.now())
    return reverse("application", args=[case.number])


def again(user: User) -> str:
    """The start page with the answers of an earlier application."""
    return f"{reverse('apply', args=['gosling'])}?previous={refused(user).number}"
