"""Django form fields that take what a question asks for, and refuse the rest in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, cast

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import EmailValidator, URLValidator

from access_portal.questionnaires import files, limits, orcid
from access_portal.questionnaires.definition import Kind, Question
from access_portal.questionnaires.texts import count_words, tidy_line, tidy_text
from access_portal.questionnaires.wording import said

MOST_CHARACTERS = {
    Kind.EMAIL: 254, Kind.URL: 300, Kind.ORCID: 60, Kind.COUNTRY: 80, Kind.INTEGER: 30,
}  # fmt: skip
GROUPED = re.compile(r"-?\d{1,3}(?:[ ,'’_\u00a0\u2009\u202f]\d{3})+|-?\d+", re.ASCII)
HAS_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")


class WrittenField(forms.CharField):
    """An answer that is typed; a draft may be short of words, but neither too long nor in the wrong shape."""

    def __init__(self, question: Question, *, partial: bool, **options: Any) -> None:
        super().__init__(**options)
        self.question, self.partial = question, partial

    def to_python(self, value: Any) -> str:
        if value in self.empty_values:
            return ""
        if not isinstance(value, str):
            raise ValidationError(said("text"), code="invalid")
        if len(value) > limits.LONG_TEXT_CHARACTERS:
            _refuse_length(len(value), self._most())
        return tidy(self.question, value)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value:
            self._check_length(value)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return SHAPES.get(self.question.kind, str)(text) if text else text

    def _most(self) -> int:
        return self.question.max_characters or MOST_CHARACTERS.get(self.question.kind, limits.LINE_DEFAULT)

    def _check_length(self, text: str) -> None:
        asked, most, words = self.question, self._most(), count_words(text)
        if len(text) > most:
            _refuse_length(len(text), most)
        if asked.max_words and words > asked.max_words:
            raise ValidationError(said("max_words", number=words, most=asked.max_words), code="max_words")
        if self.partial:
            return
        if asked.min_words and words < asked.min_words:
            raise ValidationError(said("min_words", number=words, least=asked.min_words), code="min_words")
        if asked.min_characters and len(text) < asked.min_characters:
            message = said("min_characters", number=len(text), least=asked.min_characters)
            raise ValidationError(message, code="min_characters")


class NumberField(WrittenField):
    """A whole number, which may be typed in groups of three digits."""

    def to_python(self, value: Any) -> str:
        if isinstance(value, int) and not isinstance(value, bool):
            return str(self._within(value))
        return super().to_python(value)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        if not GROUPED.fullmatch(text):
            raise ValidationError(said("integer"), code="invalid")
        return self._within(int(re.sub(r"[^\d-]", "", text, flags=re.ASCII)))

    def _within(self, number: int) -> int:
        least = -limits.NUMBER if self.question.min_number is None else self.question.min_number
        most = limits.NUMBER if self.question.max_number is None else self.question.max_number
        if not least <= number <= most:
            raise ValidationError(said("range", least=least, most=most), code="range")
        return number


class OneOfField(forms.ChoiceField):
    """One of the choices; what was sent instead is not repeated."""

    def to_python(self, value: Any) -> str:
        return value if isinstance(value, str) else ""


class SomeOfField(forms.MultipleChoiceField):
    """Some of the choices, each once, in the order of the choices."""

    def to_python(self, value: Any) -> list[str]:
        if not value:
            return []
        if not isinstance(value, list | tuple) or len(value) > limits.ANSWERS_TO_ONE_QUESTION:
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return [item if isinstance(item, str) else "" for item in value]

    def clean(self, value: Any) -> list[str]:
        given = set(super().clean(value))
        choices = cast("Iterable[tuple[str, str]]", self.choices)
        return [choice for choice, _label in choices if choice in given]


class AttachmentField(forms.FileField):
    """A file that is what it says it is: `Checked`, or the earlier answer when nothing new was sent."""

    def __init__(self, question: Question, **options: Any) -> None:
        super().__init__(**options)
        self.question = question

    def clean(self, data: Any, initial: Any = None) -> Any:
        if not data:
            if data is not False and initial:
                return initial
            if self.required:
                raise ValidationError(self.error_messages["required"], code="required")
            return None
        if not isinstance(data, UploadedFile):
            raise ValidationError(said("file"), code="invalid")
        return files.check_upload(self.question, data)


def tidy(question: Question, text: str) -> str:
    """As it is kept: one line, or paragraphs."""
    return tidy_text(text) if question.kind == Kind.LONG_TEXT else tidy_line(text)


def _email(text: str) -> str:
    EmailValidator(said("email"))(text)
    return text


def _url(text: str) -> str:
    address = text if HAS_SCHEME.match(text) else f"https://{text}"
    URLValidator(["http", "https"], message=said("url"))(address)
    return address


def _orcid(text: str) -> str:
    normal = orcid.normalise(text)
    if normal is None:
        raise ValidationError(said("orcid"), code="invalid")
    return normal


SHAPES: dict[Kind, Callable[[str], str]] = {Kind.EMAIL: _email, Kind.URL: _url, Kind.ORCID: _orcid}


def _refuse_length(number: int, most: int) -> NoReturn:
    raise ValidationError(said("max_characters", number=number, most=most), code="max_characters")
