"""Makes a Django form of a definition; what it cleans is what is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.forms.boundfield import BoundField
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.html import conditional_escape

from access_portal.questionnaires import limits
from access_portal.questionnaires.browser_rules import rules_of
from access_portal.questionnaires.conditions import asked, choices_of, in_words, is_answered, with_dependents
from access_portal.questionnaires.countries import COUNTRIES
from access_portal.questionnaires.definition import WRITTEN, Definition, Kind, Question, Section
from access_portal.questionnaires.fields import (
    AttachmentField,
    NumberField,
    OneOfField,
    SomeOfField,
    WrittenField,
    tidy,
)
from access_portal.questionnaires.files import Checked
from access_portal.questionnaires.widgets import widget_for
from access_portal.questionnaires.wording import said

Sizes = Sequence[tuple[str, str]]
EMPTY: dict[Kind, Any] = {
    Kind.SIZES: [], Kind.CHOICES: [], Kind.CHECKBOX: False, Kind.INTEGER: None, Kind.FILE: None,
}  # fmt: skip


class QuestionnaireForm(forms.Form):
    """The questions of one definition as fields; `build_form` fills it."""

    use_required_attribute = False  # a condition may free an answer, which only the server can tell without a script
    definition: Definition
    partial: bool
    earlier: Mapping[str, Any]

    def add_error(self, field: str | None, error: Any) -> None:
        """In a draft nothing is missing yet."""
        if self.partial and field is not None and getattr(error, "code", None) == "required":
            self.cleaned_data[field] = EMPTY.get(self._question(field).kind, "")
        else:
            super().add_error(field, error)

    def clean(self) -> dict[str, Any]:
        """What depends on other answers: who is asked, and of which questions one must be answered."""
        super().clean()
        now_asked = asked(self.definition, self._merged())
        for name in [name for name in self.errors if name in self.fields and name not in now_asked]:
            del self.errors[name]
        if not self.partial:
            self._check_required(now_asked)
            self._check_at_least_one(now_asked)
        return self.cleaned_data

    def answers(self) -> dict[str, Any]:
        """The answers, safe for JSON, in the order of the form. A whole form must be valid first.

        A draft keeps what is typed though it cannot be used yet, and the answers to questions that are not asked now.
        """
        if not self.is_valid() and not (self.partial and self.is_bound):
            raise ValueError("answers of a form that is not valid")
        merged = self._merged()
        kept = set(merged) if self.partial else asked(self.definition, merged)
        return {
            question.name: _plain(merged[question.name])
            for question in self.definition.questions()
            if question.name in kept and question.name in merged
        }

    def uploads(self) -> dict[str, Checked]:
        """The files that were sent this time, by question, of those that are asked."""
        names = set(self.fields) if self.partial else asked(self.definition, self._merged())
        found = {name: value for name, value in self.cleaned_data.items() if isinstance(value, Checked)}
        return {name: value for name, value in found.items() if name in names}

    def sections(self) -> Iterator[tuple[Section, list[BoundField]]]:
        """The sections that have something to answer here, with their fields."""
        for section in self.definition.sections:
            fields = [self[question.name] for question in section.questions if question.name in self.fields]
            if fields:
                yield section, fields

    @property
    def countries(self) -> Sequence[str]:
        """Names to suggest, when a country is asked for."""
        asks = any(self._question(name).kind == Kind.COUNTRY for name in self.fields)
        return COUNTRIES if asks else ()

    def _merged(self) -> dict[str, Any]:
        """What is answered now, over what was answered before to questions that are not in this form."""
        merged = {name: value for name, value in self.earlier.items() if name not in self.fields}
        for name in self.fields:
            if self.partial and not self._was_sent(name):
                merged[name] = self.earlier.get(name)
            elif name in self.cleaned_data:
                merged[name] = self.cleaned_data[name]
            elif self.partial:
                merged[name] = self._as_typed(name)
        return {name: value for name, value in merged.items() if value is not None}

    def _was_sent(self, name: str) -> bool:
        """A box that is not ticked is not sent by a browser; whoever sends JSON leaves out what stays as it is."""
        field = self.fields[name]
        if not isinstance(self.data, QueryDict) and not isinstance(field, AttachmentField):
            return name in self.data
        return not field.widget.value_omitted_from_data(self.data, self.files, self.add_prefix(name))

    def _question(self, name: str) -> Question:
        question = self.definition.question(name)
        assert question is not None
        return question

    def _as_typed(self, name: str) -> Any:
        """An answer that cannot be used: its text if there is room for it, or else what was there before."""
        field, typed = self.fields[name], self[name].data
        if isinstance(field, WrittenField) and isinstance(typed, str) and len(typed) <= limits.LONG_TEXT_CHARACTERS:
            return tidy(field.question, typed)
        return self.earlier.get(name)

    def _check_required(self, now_asked: Collection[str]) -> None:
        for question in self.definition.questions():
            name = question.name
            if name not in self.fields or name not in now_asked or not question.required or name in self.errors:
                continue
            if not is_answered(self.cleaned_data.get(name)):
                self.add_error(name, ValidationError(missing(question), code="required"))

    def _check_at_least_one(self, now_asked: Collection[str]) -> None:
        merged = self._merged()
        for rule in self.definition.at_least_one:
            open_names = [name for name in rule.of if name in now_asked]
            here = [name for name in open_names if name in self.fields]
            if here and not any(is_answered(merged.get(name)) for name in open_names):
                self.add_error(here[0], ValidationError(str(rule.message), code="required"))


def build_form(
    definition: Definition,
    *,
    data: Mapping[str, Any] | None = None,
    files: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    sizes: Sizes = (),
    partial: bool = False,
    only: Collection[str] | None = None,
) -> QuestionnaireForm:
    """The form of `definition`; `initial` are earlier answers, `sizes` the family's variants as (slug, name).

    A `partial` form is a draft: nothing is required, and what is typed is kept. With `only`, the other questions keep
    their earlier answers; those that an answer to one of `only` may bring up are in the form too.
    """
    sent = cast("MultiValueDict[str, UploadedFile[Any]] | None", files)  # any mapping will do
    form = QuestionnaireForm(data, sent, initial=dict(initial or {}))
    form.definition, form.partial, form.earlier = definition, partial, dict(initial or {})
    names = None if only is None else with_dependents(definition, only)
    for question in definition.questions():
        if names is None or question.name in names:
            form.fields[question.name] = _field(definition, question, sizes, partial=partial)
    return form


def missing(question: Question) -> str:
    """What is said when a required answer is not there."""
    return str(question.missing) or said("missing")


def _field(definition: Definition, question: Question, sizes: Sizes, *, partial: bool) -> forms.Field:
    options: dict[str, Any] = {
        "label": str(question.label),
        "help_text": conditional_escape(str(question.help)),  # the template takes it for HTML
        "required": question.required and not question.when,
        "widget": widget_for(question),
        "error_messages": {"required": missing(question)},
    }
    field = _field_of_kind(question, choices_of(question, sizes), options, partial=partial)
    for name, value in {
        "question": question,
        "condition": in_words(definition, question),  # said in place of "optional"
        "rules": rules_of(question),
    }.items():
        setattr(field, name, value)  # the templates read them
    return field


def _field_of_kind(
    question: Question, choices: list[tuple[str, str]], options: dict[str, Any], *, partial: bool
) -> forms.Field:
    unknown = {"invalid_choice": said("choice"), **options["error_messages"]}
    match question.kind:
        case Kind.CHOICE | Kind.YES_NO:
            return OneOfField(choices=choices, **{**options, "error_messages": unknown})
        case Kind.CHOICES:
            return SomeOfField(choices=choices, **{**options, "error_messages": unknown})
        case Kind.SIZES:
            only_one = [choices[0][0]] if len(choices) == 1 else None
            return SomeOfField(choices=choices, initial=only_one, **{**options, "error_messages": unknown})
        case Kind.CHECKBOX:
            return forms.BooleanField(**options)
        case Kind.FILE:
            return AttachmentField(question, **options)
        case Kind.INTEGER:
            return NumberField(question, partial=partial, **options)
        case _:
            assert question.kind in WRITTEN
            return WrittenField(question, partial=partial, **options)


def _plain(value: Any) -> Any:
    return value.as_answer() if isinstance(value, Checked) else value
