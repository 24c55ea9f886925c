"""“Why can I, or why can I not?”, for programs: the same chain of facts as on the page."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router

from access_portal.accounts.models import Scope
from access_portal.api.bearer import TokenRequest, needs, person_of
from access_portal.errors import InvalidError
from access_portal.grants.policy import Action
from release.why import ASKED_ABOUT, somebody_else, why

router = Router(tags=["access"])


@router.get("/access", summary="Why I can, or cannot, download or run a model; staff may ask about a person")
@needs(Scope.READ)
def access(request: TokenRequest, model: str, action: str = "download", person: str = "") -> dict[str, Any]:
    if action not in ASKED_ABOUT:
        raise InvalidError("unknown_action", _("Ask about “download” or “infer”."), field="action")
    now = timezone.now()
    about = request.user
    if person:
        about = somebody_else(actor=person_of(request.auth, Scope.REVIEW), words=person, now=now)
    answer = why(person=about, model_id=model, action=Action(action), now=now)
    facts = [{"code": fact.code, "holds": fact.holds, "text": fact.text, "path": fact.path} for fact in answer.facts]
    return {"model": model, "action": action, "granted": answer.is_yes, "facts": facts}
