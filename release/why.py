"""Why somebody can, or cannot, do something with a model: the access policy's chain of facts, for pages and the API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from access_portal.accounts.models import User
from access_portal.errors import NotFoundError
from access_portal.grants.distance import refuse_the_near
from access_portal.grants.policy import Action, Fact, Office, explain, require
from release.models import Variant
from release.queries import latest_release, policy_model, releases_of

ASKED_ABOUT = (Action.DOWNLOAD, Action.INFER)  # what a person does with a model


@dataclass(frozen=True)
class Answer:
    """The chain for one person, model and action; yes when every fact holds."""

    person: User
    variant: Variant
    action: Action
    facts: list[Fact]

    @property
    def is_yes(self) -> bool:
        return all(fact.holds for fact in self.facts)

    @property
    def obstacle(self) -> Fact | None:
        """The first fact that does not hold: what every door tells this person."""
        return next((fact for fact in self.facts if not fact.holds), None)


def why(*, person: User, model_id: str, action: Action, now: datetime) -> Answer:
    """Raises NotFoundError for a model that is not here, or of which nothing was released."""
    variant = Variant.objects.select_related("family").filter(model_id=model_id).first()
    if variant is None:
        raise NotFoundError(
            "model_not_found", _("There is no model of this name."), _("Choose one from the list."), reverse("why")
        )
    release = latest_release(variant) or releases_of(variant).first()
    if release is None:
        raise NotFoundError(
            "model_not_released",
            _("Nothing of %(model)s was released here yet, so nobody can have it.") % {"model": variant},
            _("Choose another one."),
            reverse("why"),
        )
    return Answer(person, variant, action, explain(person, action, policy_model(release), now))


def somebody_else(*, actor: User, words: str, now: datetime) -> User:
    """The person with this user name or address, to staff who read reports and do not stand near to them.

    Raises PermissionRefusedError and NotFoundError.
    """
    require(actor, Action.SEE_REPORTS, Office(), now)
    named = Q(username=words.strip().lower()) | Q(email__iexact=words.strip())
    found = User.objects.filter(named).first()
    if found is None:
        raise NotFoundError("person_not_found", _("Nobody here has this user name or address."), "", reverse("why"))
    refuse_the_near(actor, found)  # the facts give reasons of suspensions, as the page of a grant does
    return found
