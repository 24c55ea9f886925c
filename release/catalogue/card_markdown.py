"""The model card as the text of a README.md, for Hub clients and whoever opens the folder.

The same rows give the same bytes, whoever asks and in whatever language: it is written in English, as its facts are.
Whether the reader may have the files is not in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from release.catalogue.citation import bibtex
from release.catalogue.front_matter import Value, front_matter
from release.catalogue.hardware import needs
from release.catalogue.plain_text import as_markdown, as_table_cell, legible, one_line
from release.models import Release, Variant

GIGABYTE = 10**9


def card_markdown(release: Release, *, for_transformers: bool) -> str:
    """Of a release that need not be in the database yet: its model, version, licence version and changelog are read."""
    variant = release.variant
    facts = variant.family.facts
    sections = [
        _head(release, for_transformers=for_transformers),
        f"# {as_markdown(str(variant))}\n\n{as_markdown(variant.family.summary)}",
        _access(release),
        _section("What it is for", _list(facts.get("intended", []))),
        _section("What it is not for, and where it fails", _list(facts.get("limits", []))),
        _section("Architecture", _architecture(variant)),
        _section("Training data", _mix(facts.get("data_mix"))),
        _section("Evaluation", _evaluation(facts.get("tables", []), str(variant.facts.get("table_row", "")))),
        _section("Memory that it needs", _memory(variant)),
        _section("Licences", _licences(release)),
        _section(f"What is new in {as_markdown(release.version)}", _quoted(release.changelog)),
        _section("How to cite it", f"```bibtex\n{bibtex(variant.family, _page(release)).replace('`', '')}```"),
        _section("Sources", _list(_source(source) for source in facts.get("sources", []))),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _head(release: Release, *, for_transformers: bool) -> str:
    variant, licence = release.variant, release.licence_version
    family = variant.family
    prompt = " ".join(one_line(str(sentence)) for sentence in licence.summary)
    fields: dict[str, Value] = {
        "license": "other",
        "license_name": f"{licence.licence.slug}-{licence.number}",
        "license_link": settings.BASE_URL + reverse("licence_version", args=[licence.pk]),
        "language": ["en"],
        "pipeline_tag": "text-generation",
        **({"library_name": "transformers"} if for_transformers else {}),
        "tags": ["llama", family.slug, variant.model_id],
        "extra_gated_heading": f"Apply for the licence of {one_line(family.name)}",
        "extra_gated_prompt": f"{prompt} Who may have it, and how to apply: {_family_page(release)}",
        "extra_gated_button_content": "Apply",
    }
    return front_matter(fields).rstrip("\n")


def _access(release: Release) -> str:
    lines = [
        f"Who may have the files, and how to apply: {_family_page(release)}",
        f"Hashes, signature and how to fetch {as_markdown(release.version)} with each tool: {_page(release)}",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _architecture(variant: Variant) -> str:
    numbers = [
        ("Parameters", f"{variant.parameters:,}"),
        ("Layers", variant.n_layers),
        ("Width", f"{variant.dim:,}"),
        ("Attention heads", variant.n_heads),
        ("Key and value heads", variant.n_kv_heads),
        ("Width of the feed-forward layer", f"{variant.ffn_hidden:,}"),
        ("Vocabulary", f"{variant.vocab_size:,} tokens"),
        ("Context", f"{variant.context_tokens:,} tokens"),
    ]
    told = variant.family.facts
    words = [as_markdown(str(told[name])) for name in ("architecture", "tokenizer", "trained") if told.get(name)]
    return "\n\n".join([*words, _table(["", "Value"], numbers)])


def _mix(mix: dict[str, Any] | None) -> str:
    return "" if not mix else f"{_table(mix['columns'], mix['rows'])}\n\nSource: {as_markdown(mix['source'])}."


def _evaluation(tables: Sequence[dict[str, Any]], own: str) -> str:
    found = []
    for table in tables:
        rows = [[f"**{as_table_cell(row['name'])}**" if row["name"] == own else as_table_cell(row["name"]),
                 *map(as_table_cell, row["values"])] for row in table["rows"]]  # fmt: skip
        head = f"### {as_markdown(table['title'])}"
        note = f" Note: {as_markdown(table['note'])}." if table.get("note") else ""
        shape = _table_of_cells(["Model", *map(as_table_cell, table["columns"])], rows)
        found.append(f"{head}\n\n{shape}\n\nSource: {as_markdown(table['source'])}.{note}")
    return "\n\n".join(found)


def _memory(variant: Variant) -> str:
    rows = [
        (f"{need.bits} bits", *(f"{amount / GIGABYTE:.2f} GB" for amount in (need.weights_bytes, need.cache_bytes)))
        for need in needs(variant)
    ]
    return _table(["Weights at", "Weights", "Cache of one request at full context"], rows)


def _licences(release: Release) -> str:
    family, licence = release.variant.family, release.licence_version
    text = settings.BASE_URL + reverse("licence_version", args=[licence.pk])
    lines = [
        f"Weights: {as_markdown(str(licence))}, {text} (SHA-256 of its text: `{licence.sha256}`)",
        f"Code: {as_markdown(family.code_licence)}. It covers programs only and gives no right to the weights.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _section(title: str, content: str) -> str:
    return f"## {title}\n\n{content}" if content else ""


def _list(sentences: Iterable[Any]) -> str:
    return "\n".join(f"- {as_markdown(str(sentence))}" for sentence in sentences)


def _quoted(text: str) -> str:
    return "\n".join(f"> {as_markdown(line)}".rstrip() for line in legible(text).split("\n")) if text.strip() else ""


def _source(source: dict[str, str]) -> str:
    return f"{source['name']} {source['url']}".strip()


def _table(columns: Sequence[Any], rows: Iterable[Sequence[Any]]) -> str:
    return _table_of_cells([as_table_cell(each) for each in columns], [[*map(as_table_cell, row)] for row in rows])


def _table_of_cells(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _family_page(release: Release) -> str:
    return _address("family", release.variant.family.slug) + "#who"


def _page(release: Release) -> str:
    variant = release.variant
    return _address("release", variant.family.slug, variant.slug, release.version)


def _address(name: str, *args: object) -> str:
    return settings.BASE_URL + reverse(name, args=args)
