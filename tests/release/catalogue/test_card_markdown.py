"""The model card as README.md: the same bytes for everybody, readable by YAML, closed to markup."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import yaml
from django.utils import timezone, translation

from release.catalogue.card_markdown import card_markdown
from release.catalogue.loading import load_catalogue
from release.models import Family, Release, Variant
from tests.factories import make_release

pytestmark = pytest.mark.django_db


def a_card(model_id: str = "quill-5m", **fields: Any) -> str:
    variant = Variant.objects.get(model_id=model_id)
    return card_markdown(make_release(variant, **fields), for_transformers=False)


@pytest.fixture(autouse=True)
def loaded() -> None:
    load_catalogue(now=timezone.now())


def head_of(card: str) -> dict[str, Any]:
    _nothing, head, _rest = card.split("---\n", 2)
    return dict(yaml.safe_load(head))


def test_its_head_is_yaml_with_what_hub_clients_look_for() -> None:
    head = head_of(a_card())
    assert head["license"] == "other"
    assert head["license_name"] == "research-1.0"
    assert head["license_link"].startswith("http")
    assert head["pipeline_tag"] == "text-generation"
    assert head["extra_gated_prompt"].endswith("/models/quill/#who")
    assert "library_name" not in head


def test_transformers_is_named_where_it_can_load_the_files() -> None:
    variant = Variant.objects.get(model_id="quill-5m")
    release = make_release(variant, state="staged")
    assert head_of(card_markdown(release, for_transformers=True))["library_name"] == "transformers"


def test_it_is_the_same_in_every_language() -> None:
    variant = Variant.objects.get(model_id="quill-5m")
    release = make_release(variant, changelog="The first.")
    with translation.override("ms"):
        malay = card_markdown(release, for_transformers=False)
    assert malay == card_markdown(release, for_transformers=False)


def test_it_says_what_the_page_says_and_has_no_empty_section() -> None:
    card = a_card(changelog="The first.")
    for words in ("# Quill 5M", "5,065,472", "## Licences", "Apache-2.0", "> The first.", "@misc{gatehouse_quill"):
        assert words in card
    lines = [line for line in card.split("\n") if line]
    assert not any(a.startswith("## ") and b.startswith("## ") for a, b in pairwise(lines))
    assert "| **Quill 5M** | 1.26 | 20.9 |" in card


def test_evaluations_give_dashes_and_mark_the_model() -> None:
    family = Family.objects.get(slug="llama")
    family.weights_licence = Family.objects.get(slug="quill").weights_licence
    family.save()
    card = a_card("llama-33b")
    assert "| **LLaMA 33B** | 83.1 | 82.3 | 50.4 |" in card
    assert "| GPT-3 175B | 60.5 | 81.0 | – |" in card
    assert "Source: paper, table 9." in card


def test_hostile_words_open_no_tag_no_head_and_no_column() -> None:
    words = "<img src=x>\n---\nlicense: mit\n```\n| a | b |\u202e"
    variant = Variant.objects.get(model_id="quill-5m")
    Family.objects.filter(slug="quill").update(
        summary=words,
        facts={"intended": [words], "data_mix": {"columns": ["A|\\"], "rows": [[words]], "source": words}},
    )
    variant.refresh_from_db()
    card = card_markdown(make_release(variant, changelog=words), for_transformers=False)
    assert "<img" not in card
    assert "\u202e" not in card
    assert head_of(card)["license"] == "other"
    assert card.count("\n---\n") == 1
    assert "&lt;img src=x&gt; --- license: mit ``` \\| a \\| b \\|" in card


def test_a_release_without_facts_has_a_card_all_the_same() -> None:
    Family.objects.filter(slug="quill").update(facts={})
    release: Release = make_release(Variant.objects.get(model_id="quill-5m"))
    card = card_markdown(release, for_transformers=False)
    assert "## Architecture" in card
    assert "## Sources" not in card
    assert "## Evaluation" not in card
