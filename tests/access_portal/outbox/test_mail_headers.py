"""Mail speaks the language of its reader, and no name can write into its headers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.conf import settings as configured
from django.core import mail
from django.utils import translation
from pytest_django import Settings

from access_portal.outbox.commands import deliver_due, queue_mail, queue_text
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize("actor_speaks", ["en", "ms"])
@pytest.mark.parametrize("reader_speaks", ["en", "ms"])
def test_mail_is_written_in_the_language_of_its_reader(actor_speaks: str, reader_speaks: str) -> None:
    reader = make_user("ada", language=reader_speaks)
    with translation.override(reader_speaks):
        expected = queue_mail(template="role_given", context={"role": "x"}, user=reader, now=NOW)
    with translation.override(actor_speaks):
        queued = queue_mail(template="role_given", context={"role": "x"}, user=reader, now=NOW)
        assert translation.get_language() == actor_speaks
    assert (queued.subject, queued.body) == (expected.subject, expected.body)
    assert queued.template == "role_given"


def test_the_two_languages_differ() -> None:
    subjects = {
        queue_mail(
            template="role_given", context={"role": "x"}, user=make_user(f"ada-{code}", language=code), now=NOW
        ).subject
        for code, _name in configured.LANGUAGES
    }
    assert len(subjects) == len(configured.LANGUAGES)


@pytest.mark.parametrize("language", ["", "ms"])
def test_a_reader_without_an_account_is_written_to_in_the_language_given(language: str) -> None:
    ada = make_user("ada", language=language or "en")
    with translation.override("ms" if not language else "en"):
        words = {"role": "x", "user": {"username": "somebody"}}
        told = queue_mail(template="role_given", context=words, to="r@uni.example", language=language, now=NOW)
        same = queue_mail(template="role_given", context={"role": "x"}, user=ada, now=NOW)
    assert told.subject == same.subject
    assert (told.user, told.to) == (None, "r@uni.example")


HOSTILE = [
    "Ada\nBcc: all@uni.example", "Ada\r\nBcc: all@uni.example", "Ada\r\n\r\nBody of mine", "Ada\u2028Bcc: x",
    "Ada\x85Bcc: x", "Ada\x0bBcc: x", "Ada\x00", "Ada \u202eelpmaxe", "\u2066Ada\u2069",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_subject_stays_one_line_whatever_a_name_holds(name: str) -> None:
    queued = queue_mail(template="role_given", context={"role": name}, user=make_user("ada"), now=NOW)
    if "\n\r\n" not in name:
        assert queued.body.startswith("Hello Ada Example,")
    queue_text(user=None, to="cy@uni.example", subject=f"Hello {name}!", body="Words.", now=NOW)
    assert deliver_due(NOW) == 2
    for message in mail.outbox:
        assert message.recipients() in (["ada@uni.example"], ["cy@uni.example"])
        headers = dict(message.message().items())
        assert set(headers) == {
            "Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Subject", "From", "To", "Date", "Message-ID",
        }  # fmt: skip
        assert message.subject.isprintable()


def test_a_name_full_of_markup_is_only_text() -> None:
    queued = queue_mail(template="role_given", context={"role": "{{ user.password }}<b>"}, user=make_user(), now=NOW)
    assert "{{ user.password }}<b>" in queued.subject


def test_a_very_long_subject_is_cut() -> None:
    queued = queue_text(user=None, to="cy@uni.example", subject="x" * 5_000_000, body="Words.", now=NOW)
    assert len(queued.subject) == 200


@pytest.mark.parametrize(("address", "expected"), [("", []), ("desk@uni.example", ["desk@uni.example"])])
def test_answers_go_where_the_setting_says(settings: Settings, address: str, expected: list[str]) -> None:
    settings.REPLY_TO = address
    queue_text(user=None, to="cy@uni.example", subject="Hello", body="Words.", now=NOW)
    deliver_due(NOW)
    assert mail.outbox[0].reply_to == expected
