"""What the frame around every page needs to know: where we are, and which doors to show."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import template
from django.contrib.auth.models import AnonymousUser
from django.forms import BoundField
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from access_portal.accounts.models import User
from access_portal.grants.policy import Action, Granted, Office, decide
from access_portal.office.doors import open_actions
from access_portal.site import version

register = template.Library()


@register.inclusion_tag("partials/nav_link.html", takes_context=True)
def nav_link(context: dict[str, Any], name: str, label: str) -> dict[str, str]:
    """A link of the main menu that says `page` when it is this page and `true` when this page lies below it."""
    try:
        href = reverse(name)
    except NoReverseMatch:
        return {}
    request = context.get("request")
    path = request.path if request else ""
    current = "page" if path == href else "true" if path.startswith(href) else ""
    return {"href": href, "label": label, "current": current}


@register.simple_tag(takes_context=True)
def staff_actions(context: dict[str, Any]) -> Collection[str]:
    """All that this person may do for the house; the policy answers, unless the page has asked it a moment ago."""
    asked: Collection[str] | None = context.get("staff_actions")
    if asked is not None:
        return asked
    user = context.get("user")
    return open_actions(user, timezone.now()) if isinstance(user, User) else frozenset()


@register.simple_tag
def may_operate(user: User | AnonymousUser | None) -> bool:
    """Whether the pages about the machinery are a door for this person; the policy answers."""
    return isinstance(decide(user or None, Action.OPERATE, Office(), timezone.now()), Granted)


@register.simple_tag
def running_version() -> version.Version:
    return version.current()


@register.filter
def control(field: BoundField) -> SafeString:
    """The field's widget, without a placeholder: the label and the hint say it, and stay when one types."""
    return (
        field.as_widget(attrs={"placeholder": False})
        if "placeholder" in field.field.widget.attrs
        else field.as_widget()
    )
