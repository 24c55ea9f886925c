"""Whether pages offer ORCID, and how an iD looks."""

from __future__ import annotations

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def orcid_on() -> bool:
    """Whether this house has credentials for ORCID."""
    return bool(settings.ORCID_CLIENT_ID)
