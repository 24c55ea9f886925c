"""Licences are there for everybody to read, to compare, to keep and to hash; each person sees what they accepted."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from access_portal.licences.commands import publish_version
from access_portal.licences.models import LicenceAcceptance, LicenceVersion
from access_portal.licences.templatetags.licences import language_name, spdx_page
from tests.factories import make_acceptance, make_family, make_licence_version, make_user

pytestmark = pytest.mark.django_db
TEXT = "# Licence\r\n\nBe good – wherever: naïve\t \n\n<script>alert(1)</script>\n"


def replaced(version: LicenceVersion, text: str = "Be better.", number: str = "2.0", days: int = 30) -> LicenceVersion:
    now = timezone.now()
    return publish_version(
        licence=version.licence, number=number, text=text, summary=["Be better."], actor=None, now=now,
        reconsent_by=now + timedelta(days=days),
    )  # fmt: skip


def test_the_file_holds_the_very_bytes_that_were_hashed(client: Client) -> None:
    version = make_licence_version(text=TEXT)
    answer = client.get(f"/licences/{version.pk}/text/")
    assert hashlib.sha256(answer.content).hexdigest() == version.sha256
    assert answer.headers["ETag"] == f'"{version.sha256}"'
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    name = f"{version.licence.slug}-1.0.txt"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    digest = base64.b64encode(hashlib.sha256(TEXT.encode()).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"


def test_whoever_has_the_file_is_told_that_it_is_still_the_same(client: Client) -> None:
    version = make_licence_version(text=TEXT)
    path = f"/licences/{version.pk}/text/"
    assert client.get(path, headers={"if-none-match": f'"{version.sha256}"'}).status_code == 304
    assert client.get(path, headers={"if-none-match": '"another"'}).status_code == 200
    assert client.get("/licences/999999/text/").status_code == 404


def test_all_licences_and_their_versions_are_listed_apart_from_the_code(client: Client) -> None:
    first = make_licence_version()
    make_family("toy", first)
    second = replaced(first)
    page = client.get("/licences/").content.decode()
    for version in (first, second):
        assert version.sha256 in page
        assert f'href="/licences/{version.pk}/"' in page
    assert f'href="/licences/{second.pk}/changes/"' in page
    assert f'href="/licences/{first.pk}/changes/"' not in page
    assert 'href="https://spdx.org/licenses/Apache-2.0.html"' in page


def test_the_list_costs_the_same_for_many_versions(client: Client, django_assert_max_num_queries: object) -> None:
    for number in range(3):
        replaced(make_licence_version(), number=f"2.{number}")
    with django_assert_max_num_queries(5):  # type: ignore[operator]
        assert client.get("/licences/").status_code == 200


def test_the_page_of_a_version_says_what_it_is_and_what_it_is_not(client: Client) -> None:
    version = make_licence_version(text=TEXT)
    make_family("toy", version)
    page = client.get(f"/licences/{version.pk}/").content.decode()
    assert version.sha256 in page
    assert "English" in page
    assert "Not the licence of the code" in page
    assert f'href="/licences/{version.pk}/text/"' in page
    assert "<script>alert" not in page


def test_differences_can_be_read_by_eye_and_by_ear(client: Client) -> None:
    first = make_licence_version(text="Be good.\n\nFor research only.")
    second = replaced(first, "Be good.\n\nFor public research only.")
    page = client.get(f"/licences/{second.pk}/changes/").content.decode()
    assert "1 paragraph is the same in both." in page
    hidden = '<span class="visually-hidden">'
    assert f"<ins>{hidden}[added: </span>public{hidden} end of added]</span></ins>" in page


def test_any_older_version_can_be_compared_with(client: Client) -> None:
    first = make_licence_version(text="One.")
    replaced(first, "Two.", "2.0")
    third = replaced(first, "Three.", "3.0")
    page = client.get(f"/licences/{third.pk}/changes/?since={first.pk}").content.decode()
    assert "From version 1.0" in page
    assert "One." in page


@pytest.mark.parametrize("since", ["x", "999999", "-1", "9" * 40, "%00", "itself", "newer", "another"])
def test_what_is_no_older_version_is_not_found(since: str, client: Client) -> None:
    first = make_licence_version()
    second = replaced(first)
    third = replaced(first, number="3.0")
    keys = {"itself": second.pk, "newer": third.pk, "another": make_licence_version().pk}
    assert client.get(f"/licences/{second.pk}/changes/?since={keys.get(since, since)}").status_code == 404


def test_the_first_version_changed_nothing_and_hostile_texts_stay_text(client: Client) -> None:
    first = make_licence_version(text=TEXT)
    assert "was the first" in client.get(f"/licences/{first.pk}/changes/").content.decode()
    second = replaced(first, "<img src=x onerror=alert(1)> " + TEXT)
    page = client.get(f"/licences/{second.pk}/changes/").content.decode()
    assert "<img" not in page
    assert "<script>alert" not in page


def test_a_text_replaced_while_it_was_read_is_not_accepted_and_the_new_one_is_shown(client: Client) -> None:
    first = make_licence_version(text="Be good.")
    client.force_login(make_user())
    second = replaced(first, "Be better.")
    form = {"sha256": first.sha256, "agree": "on", "capacity": "self"}
    answer = client.post(f"/licences/{first.pk}/", form)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Nothing was accepted" in page
    assert "</span>better.<span" in page
    assert f'name="sha256" value="{second.sha256}"' in page
    assert f'action="/licences/{second.pk}/"' in page
    assert not LicenceAcceptance.objects.exists()


def test_accepting_the_new_text_from_that_page_works(client: Client) -> None:
    first = make_licence_version()
    client.force_login(make_user())
    second = replaced(first)
    form = {"sha256": second.sha256, "agree": "on", "capacity": "self"}
    assert client.post(f"/licences/{second.pk}/", form).status_code == 302
    assert LicenceAcceptance.objects.get().version == second


def test_my_licences_are_mine_with_hash_time_capacity_and_act(client: Client) -> None:
    ada, version = make_user("ada"), make_licence_version()
    acceptance = make_acceptance(ada, version)
    make_acceptance(make_user("cy"), make_licence_version(text="Of Cy."))
    client.force_login(ada)
    page = client.get("/licences/mine/").content.decode()
    for fact in (version.sha256, "for myself", "ticked the box", f"/licences/mine/{acceptance.pk}/receipt/"):
        assert fact in page
    assert hashlib.sha256(b"Of Cy.").hexdigest() not in page
    assert "Waiting for your answer" not in page


def test_my_licences_say_what_has_to_be_accepted_by_when(client: Client) -> None:
    ada, first = make_user("ada"), make_licence_version()
    make_acceptance(ada, first)
    second = replaced(first)
    client.force_login(ada)
    page = client.get("/licences/mine/").content.decode()
    assert "Waiting for your answer" in page
    assert f'href="/licences/{second.pk}/"' in page
    assert f'href="/licences/{second.pk}/changes/?since={first.pk}"' in page


def test_visitors_are_asked_to_sign_in_for_theirs(client: Client) -> None:
    assert client.get("/licences/mine/").headers["Location"] == "/account/login/?next=/licences/mine/"


@pytest.mark.parametrize(
    ("identifier", "page"),
    [
        ("Apache-2.0", "https://spdx.org/licenses/Apache-2.0.html"),
        ("GPL-3.0-only", "https://spdx.org/licenses/GPL-3.0-only.html"),
        ("MIT OR Apache-2.0", ""),
        ("LicenseRef-Ours", ""),
        ("../../evil", ""),
        ("", ""),
    ],
)
def test_only_single_identifiers_have_a_page(identifier: str, page: str) -> None:
    assert spdx_page(identifier) == page


def test_languages_are_called_by_their_own_names() -> None:
    assert (language_name("ms"), language_name("en"), language_name("xx")) == ("Bahasa Melayu", "English", "xx")
