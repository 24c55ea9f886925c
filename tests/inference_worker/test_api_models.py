"""Models: those that the caller may run, and no others."""

from __future__ import annotations

import pytest

from release.models import Release
from tests import factories

from . import web

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_server", "s3_server")]


def test_a_model_tells_its_figures(tiny_release: Release) -> None:
    caller = web.client(web.holder_of(tiny_release).holder)
    listed = caller.get("/v1/models").json()
    model = listed["data"][0]
    assert (listed["object"], len(listed["data"])) == ("list", 1)
    assert model == caller.get(f"/v1/models/{model['id']}").json()
    assert model == {
        "id": tiny_release.variant.model_id,
        "object": "model",
        "created": model["created"],
        "owned_by": "portal",
        "max_model_len": model["max_model_len"],
        "vocab_size": model["vocab_size"],
        "bos_token_id": 1,
        "eos_token_id": 2,
    }


def test_other_models_are_neither_listed_nor_found(tiny_release: Release) -> None:
    other = factories.make_release(factories.make_variant(factories.make_family("other")))
    factories.make_release(factories.make_variant(tiny_release.variant.family, "2m"), state="staged")
    caller = web.client(web.holder_of(tiny_release).holder)
    assert [model["id"] for model in caller.get("/v1/models").json()["data"]] == [tiny_release.variant.model_id]
    for model_id in (other.variant.model_id, f"{tiny_release.variant.family.slug}-2m", "missing"):
        assert web.error(caller.get(f"/v1/models/{model_id}")) == (404, "model_not_found")


def test_a_grant_for_one_size_lists_that_size(tiny_release: Release) -> None:
    second = factories.make_release(factories.make_variant(tiny_release.variant.family, "2m"))
    assert len(web.client(web.holder_of(tiny_release, "ada").holder).get("/v1/models").json()["data"]) == 2
    caller = web.client(web.holder_of(tiny_release, "eve", variants=[second.variant]).holder)
    assert [model["id"] for model in caller.get("/v1/models").json()["data"]] == [second.variant.model_id]
    assert caller.get("/v1/models").json()["data"][0]["bos_token_id"] is None  # its files are not in the store
