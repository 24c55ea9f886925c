"""Small pure pieces of the pages: groups of files, differences, memory, citation."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from release.catalogue.changes import changes, release_before
from release.catalogue.citation import bibtex
from release.catalogue.file_groups import file_groups, layouts_of
from release.catalogue.hardware import needs
from release.models import Artifact, Release, Variant
from tests.factories import make_family, make_licence_version, make_release, make_variant

LLAMA_7B = Variant(
    parameters=6_738_415_616, dim=4096, n_layers=32, n_heads=32, n_kv_heads=32, context_tokens=2048
)  # fmt: skip


def file(path: str, layout: str, size: int) -> Artifact:
    return Artifact(path=path, layout=layout, size_bytes=size)


def test_each_layout_counts_what_every_loader_needs() -> None:
    groups = file_groups([file("a.pth", "meta", 10), file("tokenizer.model", "any", 3), file("b", "hf", 20)])
    assert [(group.layout, group.total_bytes, group.with_shared_bytes) for group in groups] == [
        ("meta", 10, 13), ("hf", 20, 23), ("any", 3, 3),
    ]  # fmt: skip
    assert [group.layout for group in layouts_of(groups)] == ["meta", "hf"]


def test_a_layout_without_files_is_no_choice() -> None:
    assert [group.layout for group in file_groups([file("a", "any", 1)])] == ["any"]
    assert file_groups([]) == []


def test_memory_of_llama_7b_is_thirteen_and_a_half_gigabytes_and_a_gibibyte_of_cache() -> None:
    sixteen, eight, four = needs(LLAMA_7B)
    assert sixteen.weights_bytes == 13_476_831_232 == 2 * eight.weights_bytes == 4 * four.weights_bytes
    assert {need.cache_bytes for need in (sixteen, eight, four)} == {1024**3}
    assert sixteen.total_bytes == 13_476_831_232 + 1024**3


@pytest.mark.django_db
def test_what_is_new_gone_altered_and_the_same_is_told_by_content() -> None:
    old = make_release(state="staged")
    new = make_release(old.variant, "v2", "staged")
    for release, path, sha in [(old, "a", "1"), (old, "b", "1"), (new, "b", "2"), (new, "c", "1")]:
        Artifact.objects.create(release=release, path=path, size_bytes=1, sha256=sha * 64, md5="", storage_key=path)
    found = changes(old, new)
    assert [[each.path for each in group] for group in (found.added, found.removed, found.altered)] == [
        ["c"], ["a"], ["b"],
    ]  # fmt: skip
    assert found.same == 1  # params.json
    assert not found.licence_changed


def test_the_release_before_is_the_last_that_was_published_earlier() -> None:
    day = datetime(2026, 6, 1, tzinfo=UTC)
    first, second, third = (
        Release(pk=n, version=f"v{n}", published_at=day + timedelta(days=n)) for n in range(3)
    )  # fmt: skip
    assert release_before(second, [third, first]) is first
    assert release_before(third, [first, second]) is second
    assert release_before(first, [second, third]) is None


@pytest.mark.django_db
def test_a_citation_names_the_very_commit_and_keeps_its_braces() -> None:
    family = make_family(
        "toy", make_licence_version(), facts={"citation": {"title": "A } % @misc{b,\n\\x", "key": "k"}}
    )
    release = make_release(make_variant(family))
    entry = bibtex(family, "https://x.example/", release)
    assert entry.startswith("@misc{k,\n")
    assert release.commit in entry
    assert entry.count("{") == entry.count("}")
    assert entry.count("@") == 1
    assert "  title = {A   miscb, x},\n" in entry
