"""Why a chunk must not run, or not run on: asked before it starts and at each heartbeat."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from access_portal.grants import policy
from inference_worker.models import Batch
from release.queries import policy_model


@dataclass(frozen=True)
class Stop:
    """What the lines that did not run are told; `whole` False: the batch itself ends here."""

    code: str
    message: str
    whole: bool


CANCELLED = Stop("batch_cancelled", "The batch was cancelled before this line was run.", whole=False)
EXPIRED = Stop("batch_expired", "The batch's window ended before this line was run.", whole=False)


def reason_to_stop(batch_id: str, now: datetime) -> Stop | None:
    """Asks the database and the access policy, nothing that was known before."""
    batch = Batch.objects.select_related("owner", "release__variant__family").get(pk=batch_id)
    if batch.state != Batch.State.IN_PROGRESS:
        return CANCELLED
    if now >= batch.expires_at:
        return EXPIRED
    assert batch.release is not None
    model = replace(policy_model(batch.release), under=batch.grant_id)  # whose quota it draws on
    decision = policy.decide(batch.owner, policy.Action.INFER, model, now)
    if isinstance(decision, policy.Refused):
        return Stop(decision.code, decision.explanation, whole=True)
    return None
