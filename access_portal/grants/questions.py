"""The words in which the access policy is asked: who wants to do what, with which thing.

`release` and `inference_worker` describe what they guard by the small dataclasses below, so this room imports neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.models import AnonymousUser

from access_portal.accounts.models import User


class Action(StrEnum):
    """What a person wants to do."""

    DOWNLOAD = "download"
    INFER = "infer"
    USE_INFERENCE = "use_inference"  # the API as a whole, before a model is named
    REVIEW = "review"  # see the queue, or see and claim a case
    DECIDE = "decide"  # approve or refuse it
    AUDIT = "audit"  # read cases and grants without acting on them
    ADMINISTER = "administer"  # reassign cases, set the review policy, retention
    STOP = "stop"  # stop everything of a person, a lab, a family or the house
    SEE_REPORTS = "see_reports"  # figures about everybody's cases, and why somebody can or cannot
    MANAGE_RELEASES = "manage_releases"
    MANAGE_LICENCES = "manage_licences"  # publish texts that bind people
    MANAGE_FORMS = "manage_forms"  # what applicants are asked
    MANAGE_PEOPLE = "manage_people"  # make accounts, give and take roles
    OPERATE = "operate"  # the state of the machinery


@dataclass(frozen=True)
class Model:
    """A released model as the policy sees it."""

    family_id: int
    variant_id: int
    licence_version_id: int  # that the release was published under
    withdrawn: bool
    name: str  # for sentences: "LLaMA 7B"
    family_slug: str
    deprecated: bool = False  # it can still be had, but something better can, too
    under: int | None = None  # the grant that work began under: it goes on under that one, or one in its place


@dataclass(frozen=True)
class Case:
    """An application, a grant or a role as the policy sees it: a matter that is about one person."""

    applicant_id: int  # whom it is about
    involved: frozenset[int] = frozenset()  # who stands too near to it: lab mates, referees, declared conflicts


@dataclass(frozen=True)
class Office:
    """The house itself: the resource of actions that concern no single case or model."""


Resource = Model | Case | Office
Actor = User | AnonymousUser | None
