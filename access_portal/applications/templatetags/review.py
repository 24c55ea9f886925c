"""The doors between the pages of reviewers, deciders and the office."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from access_portal.grants.policy import Action, Granted, Office, decide_each

register = template.Library()


@register.simple_tag(takes_context=True)
def review_doors(context: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The pages that this person may open, as (name, label, address); the policy answers."""
    pages = [
        ("queue", _("Queue"), "review_queue", Action.REVIEW),
        ("desk", _("To decide"), "review_desk", Action.DECIDE),
        ("conflicts", _("Conflicts of interest"), "my_conflicts", Action.REVIEW),
        ("policy", _("Review policy"), "review_policy", Action.ADMINISTER),
        ("reports", _("Reports"), "reports", Action.SEE_REPORTS),
    ]
    now, user = timezone.now(), context["user"]
    actions = context.get("staff_actions")  # where the page has asked a moment ago
    if actions is None:
        answers = decide_each(user, {page[3] for page in pages}, Office(), now)
        actions = {action for action, answer in answers.items() if isinstance(answer, Granted)}
    return [(name, label, reverse(path)) for name, label, path, action in pages if action in actions]


@register.simple_tag
def link_if_there(name: str) -> str:
    """The address of a page that another room may have; empty if it has none."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
