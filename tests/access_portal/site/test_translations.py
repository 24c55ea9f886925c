"""Catalogues: compiled as gettext reads them, and what is committed is what the text says."""

from __future__ import annotations

import gettext
import io
import re
from pathlib import Path

import pytest
from django.conf import settings

from access_portal.site.translations import compile_po

PLACEHOLDER = re.compile(r"%\(\w+\)\w")
CATALOGUES = sorted(file for folder in settings.LOCALE_PATHS for file in Path(folder).rglob("*.po"))

SAMPLE = r"""
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n != 1;\n"

msgid "long "
"text\n"
msgstr "langer "
"Text\n"

msgctxt "door"
msgid "open"
msgstr "offen"

msgid "%(n)s file"
msgid_plural "%(n)s files"
msgstr[0] "%(n)s Datei"
msgstr[1] "%(n)s Dateien"

#, fuzzy
msgid "doubtful"
msgstr "zweifelhaft"

msgid "untranslated"
msgstr ""

#~ msgid "gone"
#~ msgstr "weg"
"""


@pytest.fixture
def sample() -> gettext.GNUTranslations:
    return gettext.GNUTranslations(io.BytesIO(compile_po(SAMPLE)))


def test_lines_plurals_and_contexts_are_joined(sample: gettext.GNUTranslations) -> None:
    assert sample.gettext("long text\n") == "langer Text\n"
    assert sample.pgettext("door", "open") == "offen"
    assert [sample.ngettext("%(n)s file", "%(n)s files", n) for n in (1, 2)] == ["%(n)s Datei", "%(n)s Dateien"]


@pytest.mark.parametrize("text", ["doubtful", "untranslated", "gone", "open"])
def test_what_has_no_sure_translation_stays_as_it_is(sample: gettext.GNUTranslations, text: str) -> None:
    assert sample.gettext(text) == text


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-3])
def test_the_committed_catalogue_is_up_to_date(catalogue: Path) -> None:
    compiled = catalogue.with_suffix(".mo").read_bytes()
    assert compiled == compile_po(catalogue.read_text(encoding="utf-8")), "run manage.py compile_translations"


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parts[-3])
def test_translations_keep_the_placeholders(catalogue: Path) -> None:
    with catalogue.with_suffix(".mo").open("rb") as file:
        messages: dict[object, str] = vars(gettext.GNUTranslations(file))["_catalog"]
    for source, translated in messages.items():
        if isinstance(source, str):
            assert sorted(PLACEHOLDER.findall(source)) == sorted(PLACEHOLDER.findall(translated)), source
