"""The demo release serves both kinds of loaders."""

from typing import Any

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from demo.catalogue import both_layouts, demo_variant
from release.catalogue.loading import load_catalogue
from release.checkpoint import checkpoint_shape
from release.client.manifest import Layout
from tests.release.conftest import NOW


@pytest.mark.django_db
def test_the_demo_weights_are_released_in_both_layouts_and_transformers_runs_them() -> None:
    load_catalogue(now=NOW)
    variant = demo_variant()
    with both_layouts(variant) as folder:
        found = checkpoint_shape(folder)
        assert found.layouts == {Layout.META, Layout.HF}
        assert {name: getattr(variant, name) for name in found.dimensions} == found.dimensions
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        model: Any = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    prompt = tokenizer("It was the best of", return_tensors="pt")
    answer = model.generate(**prompt, max_new_tokens=8, do_sample=False)
    assert model.config.max_position_embeddings == variant.context_tokens
    assert len(tokenizer.decode(answer[0], skip_special_tokens=True)) > len("It was the best of")
