"""How to cite a family or one release of it, for BibTeX."""

from __future__ import annotations

from release.catalogue.plain_text import one_line
from release.models import Family, Release

ORDER = ("title", "author", "year", "eprint", "archivePrefix", "primaryClass", "url")
UNFIT = str.maketrans("", "", "\\@%")  # what could end the entry or begin a comment


def bibtex(family: Family, address: str, release: Release | None = None) -> str:
    """The entry that the family's facts give, or one made of its name; of a release, with its exact commit."""
    told = {"title": family.name, "author": f"{{{family.developer}}}", **family.facts.get("citation", {})}
    fields = {name: told[name] for name in ORDER if name in told}
    fields.setdefault("url", address)
    if release is not None:
        fields["note"] = f"{release}, commit {release.commit}, {address}"
    lines = [f"  {name} = {{{_field(str(value))}}}" for name, value in fields.items()]
    return f"@{told.get('type', 'misc')}{{{told.get('key', family.slug)},\n" + ",\n".join(lines) + "\n}\n"


def _field(text: str) -> str:
    """On one line, and without braces where they do not pair."""
    plain = one_line(text).translate(UNFIT)
    return plain if _paired(plain) else plain.replace("{", "").replace("}", "")


def _paired(text: str) -> bool:
    depth = 0
    for sign in text:
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    return depth == 0
