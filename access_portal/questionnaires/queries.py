"""Reading forms: which one asks now, and what asked before."""

from __future__ import annotations

from access_portal.questionnaires.models import FormVersion


def current_form(family_id: int) -> FormVersion:
    """The newest form of the family, or the newest house form when it has none of its own."""
    own = FormVersion.objects.filter(family_id=family_id).order_by("-number").first()
    return own or FormVersion.objects.filter(family=None).order_by("-number")[0]
