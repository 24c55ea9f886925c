"""THE access predicate: every door asks `decide`, and nothing else decides.

Pages, link signer, Hub protocol, batch API and the worker at the moment it runs a line all call it; the
explanation it gives is what the person reads. `release` and `inference_worker` describe what they guard by the
small dataclasses below, so this room imports neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What a person wants to do."""

    DOWNLOAD = "download"
    INFER = "infer"
    USE_INFERENCE = "use_inference"  # the API as a whole, before a model is named
    REVIEW = "review"  # see and claim a case
    DECIDE = "decide"  # approve or refuse it
    MANAGE_RELEASES = "manage_releases"


@dataclass(frozen=True)
class Model:
    """A released model (or, with `withdrawn` and `variant_id` unset, its family) as the policy sees it."""

    family_id: int
    variant_id: int | None
    licence_version_id: int | None  # that the release was published under
    withdrawn: bool
    name: str  # for sentences: "LLaMA 7B"
    apply_path: str  # where to apply: "/apply/llama"


@dataclass(frozen=True)
class Case:
    """An application as the policy sees it."""

    applicant_id: int
    claimed_by_id: int | None


@dataclass(frozen=True)
class Office:
    """The house itself: the resource of actions that concern no single case or model."""
