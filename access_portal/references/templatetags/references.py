"""Puts what is known of an applicant, and who was asked about them, on the pages of other rooms."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from access_portal.applications.models import Application
from access_portal.references.evidence import identity_of
from access_portal.references.queries import sent_answers, standings_of

register = template.Library()


@register.inclusion_tag("references/panel.html", takes_context=True)
def references_panel(
    context: dict[str, Any], application: Application, answers: dict[str, Any] | None = None
) -> dict[str, Any]:
    """For reviewers: evidence about the applicant, and every reference with its answer and comment.

    `answers` are those that were sent last, where the page has read them already.
    """
    named = standings_of(application, timezone.now())
    evidence = identity_of(
        application.applicant,
        sent_answers(application) if answers is None else answers,
        [row.reference for row in named],
    )
    own = getattr(context.get("user"), "pk", None) == application.applicant_id
    return {
        "application": application,
        "named": named,
        "evidence": evidence,
        "own": own,
        "request": context.get("request"),
    }


@register.inclusion_tag("references/named.html", takes_context=True)
def people_named(context: dict[str, Any], application: Application) -> dict[str, Any]:
    """For the applicant: who was asked and whether they have answered, but not what; with a way to ask again."""
    named = standings_of(application, timezone.now())
    return {"application": application, "named": named, "request": context.get("request")}
