"""How far a draft has come, section by section."""

from __future__ import annotations

from dataclasses import dataclass

from access_portal.applications.forms import whole_form
from access_portal.applications.models import Application
from access_portal.questionnaires.building import QuestionnaireForm
from access_portal.questionnaires.conditions import asked
from access_portal.questionnaires.definition import Definition, Kind, Question

SHORT_MINUTES = 1  # our own reckoning, and said to be so on the page
LONG_MINUTES = 8


@dataclass(frozen=True)
class Missing:
    """One answer that still stands in the way of sending."""

    name: str
    label: str
    message: str


@dataclass(frozen=True)
class SectionProgress:
    """A section and what is missing in it."""

    id: str
    title: str
    missing: list[Missing]


@dataclass(frozen=True)
class Effort:
    """What filling in a form takes, of the questions that everybody is asked."""

    questions: int
    texts: int
    files: int
    minutes: int


def progress_of(application: Application) -> list[SectionProgress]:
    """The sections that ask something of this person now, and what is missing in each."""
    form = whole_form(application)
    now_asked = asked(form.definition, application.answers)
    sections = []
    for section in form.definition.sections:
        questions = [question for question in section.questions if question.name in now_asked]
        if questions:
            missing = [found for question in questions for found in _missing(form, question)]
            sections.append(SectionProgress(section.id, str(section.title), missing))
    return sections


def effort_of(definition: Definition) -> Effort:
    """Counts questions without a condition; a short answer is taken for one minute, a text for eight."""
    everybodys = [question for question in definition.questions() if not question.when]
    required = [question for question in everybodys if question.required]
    texts = sum(question.kind == Kind.LONG_TEXT for question in required)
    files = sum(question.kind == Kind.FILE for question in everybodys)
    minutes = texts * LONG_MINUTES + (len(everybodys) - texts) * SHORT_MINUTES
    return Effort(len(everybodys), texts, files, 5 * -(-minutes // 5))


def _missing(form: QuestionnaireForm, question: Question) -> list[Missing]:
    return [Missing(question.name, str(question.label), str(error)) for error in form.errors.get(question.name, [])]
