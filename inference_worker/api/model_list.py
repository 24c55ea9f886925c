"""`/v1/models`: the models that the caller may run."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from access_portal.grants import policy
from inference_worker import model_folder, queries
from inference_worker.api import shapes
from inference_worker.api.endpoint import Caller, endpoint
from inference_worker.errors import ModelNotFoundError
from inference_worker.model_folder import ModelFilesError
from release.errors import StorageError
from release.models import Release
from release.queries import policy_model, usable_releases


def listing(request: HttpRequest, caller: Caller) -> HttpResponseBase:
    usable = usable_releases(caller.user, policy.Action.INFER, caller.now)
    return JsonResponse({"object": "list", "data": [_shape(release) for release in usable]})


def retrieve(request: HttpRequest, caller: Caller, model_id: str) -> HttpResponseBase:
    release = queries.model_release(model_id)
    decision = policy.decide(caller.user, policy.Action.INFER, policy_model(release), caller.now)
    if isinstance(decision, policy.Refused):
        raise ModelNotFoundError(decision.explanation, decision.remedy)
    return JsonResponse(_shape(release))


def _shape(release: Release) -> dict[str, Any]:
    """The ids are left open while the tokenizer cannot be had: the list must not depend on the store."""
    try:
        tokenizer, _config = model_folder.tokenizer(release)
    except (ModelFilesError, StorageError):
        return shapes.model(release, {"bos_token_id": None, "eos_token_id": None})
    return shapes.model(release, {"bos_token_id": tokenizer.bos_id, "eos_token_id": tokenizer.eos_id})


collection = endpoint(GET=listing)
item = endpoint(GET=retrieve)
