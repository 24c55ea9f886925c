"""The page where people apply."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from access_portal.applications.models import Application, State
from access_portal.audit.models import Event
from access_portal.licences.models import LicenceAcceptance
from release.models import Family
from tests.access_portal.applications.posting import filled_in
from tests.access_portal.applications.scenes import (
    ANSWERS,
    make_application,
    make_open_family,
    replace_licence,
    submit,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def family() -> Family:
    return make_open_family()


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(make_user("ada"))
    return client


def test_the_form_shows_the_licence_with_its_fingerprint(ada: Client, family: Family) -> None:
    page = ada.get("/apply/toy/")
    version = family.weights_licence.versions.get()
    assertContains(page, f'<input type="hidden" name="licence_sha256" value="{version.sha256}"')
    assertContains(page, "<p>Be good.</p>", html=True)
    assertContains(page, "<h1>Apply for Toy</h1>", html=True)
    assertContains(page, "Ada Example")


def test_a_licence_text_cannot_bring_markup_of_its_own(ada: Client, family: Family) -> None:
    replace_licence(family, text="Be <script>alert(1)</script> [good](javascript:alert(1)).")
    page = ada.get("/apply/toy/")
    assertNotContains(page, "<script>alert")
    assertNotContains(page, 'href="javascript:')


def test_sending_the_form_leads_to_the_application(ada: Client, family: Family) -> None:
    page = ada.post("/apply/toy/", filled_in(family), follow=True)
    made = Application.objects.get()
    assertRedirects(page, f"/applications/{made.number}/")
    assertContains(page, "Thank you. We have your application")
    assert made.answers == ANSWERS


def test_nothing_is_recorded_for_somebody_who_is_not_signed_in(client: Client, family: Family) -> None:
    for answer in (client.get("/apply/toy/"), client.post("/apply/toy/", filled_in(family))):
        assertRedirects(answer, "/account/login/?next=/apply/toy/", fetch_redirect_response=False)
    assert not Application.objects.exists()
    assert not LicenceAcceptance.objects.exists()
    assert not Event.objects.exists()


def test_a_form_from_another_site_is_refused(family: Family) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("ada"))
    assert client.post("/apply/toy/", filled_in(family)).status_code == 403
    assert not Application.objects.exists()


def test_errors_are_listed_at_the_top_with_links_to_the_fields(ada: Client, family: Family) -> None:
    page = ada.post("/apply/toy/", filled_in(family, purpose="Short.", position=""))
    assert page.status_code == 422
    assertContains(page, '<a href="#id_purpose">Research purpose</a>', status_code=422)
    assertContains(page, '<a href="#id_position">Your position</a>', status_code=422)
    assertContains(page, 'id="id_position"', status_code=422)
    assertContains(page, 'role="alert" tabindex="-1" autofocus', status_code=422)
    assertContains(page, ANSWERS["sharing"], status_code=422)


def test_a_changed_licence_keeps_the_answers_and_asks_again(ada: Client, family: Family) -> None:
    posted = filled_in(family)
    new = replace_licence(family)
    page = ada.post("/apply/toy/", posted)
    assertContains(page, "The licence changed while you were reading it", status_code=409)
    assertContains(page, "Be better.", status_code=409)
    assertContains(page, f'name="licence_sha256" value="{new.sha256}"', status_code=409)
    assertContains(page, ANSWERS["sharing"], status_code=409)
    assertNotContains(page, 'name="agree" required id="id_agree" checked', status_code=409)
    assert not page.context["form"]["agree"].value()
    assert not Application.objects.exists()


def test_after_reading_the_new_licence_the_form_goes_through(ada: Client, family: Family) -> None:
    posted = filled_in(family)
    new = replace_licence(family)
    ada.post("/apply/toy/", posted)
    ada.post("/apply/toy/", {**posted, "licence_version": new.pk, "licence_sha256": new.sha256})
    assert Application.objects.get().acceptance.version == new


def test_a_changed_licence_is_noticed_beside_other_errors(ada: Client, family: Family) -> None:
    posted = filled_in(family, purpose="Short.")
    new = replace_licence(family)
    page = ada.post("/apply/toy/", posted)
    assertContains(page, "The licence changed while you were reading it", status_code=409)
    assertContains(page, f'name="licence_sha256" value="{new.sha256}"', status_code=409)
    assertContains(page, '<a href="#id_purpose">', status_code=409)


def test_applying_twice_leads_to_the_open_application(ada: Client, family: Family) -> None:
    ada.post("/apply/toy/", filled_in(family))
    number = Application.objects.get().number
    for page in (ada.get("/apply/toy/"), ada.post("/apply/toy/", filled_in(family))):
        assertContains(page, f'href="/applications/{number}/"', status_code=409)
        assertContains(page, "already_open", status_code=409)
    assert Application.objects.count() == 1


def test_after_a_refusal_that_allows_it_one_can_apply_again(client: Client, family: Family) -> None:
    ada = make_user("ada")
    client.force_login(ada)
    make_application(ada, family, State.REFUSED)
    client.post("/apply/toy/", filled_in(family))
    assert Application.objects.filter(state=State.SUBMITTED).count() == 1


def test_an_unknown_family_is_not_found(ada: Client) -> None:
    assertContains(ada.get("/apply/nothing/"), "no model family at this address", status_code=404)
    assert ada.post("/apply/nothing/", {}).status_code == 404


def test_an_unconfirmed_address_is_told_what_to_do(client: Client, family: Family) -> None:
    client.force_login(make_user("cy", verified=False))
    assertContains(client.get("/apply/toy/"), "is not confirmed yet", status_code=403)


def test_a_body_of_many_megabytes_is_refused(ada: Client, family: Family) -> None:
    assert ada.post("/apply/toy/", filled_in(family, purpose="x" * 3_000_000)).status_code in (400, 413)
    assert not Application.objects.exists()


def test_an_empty_form_is_no_application(ada: Client, family: Family) -> None:
    assert ada.post("/apply/toy/", {}).status_code in (409, 422)
    assert not Application.objects.exists()


def test_html_in_answers_is_shown_as_text(client: Client, family: Family) -> None:
    ada = make_user("ada")
    client.force_login(ada)
    hostile = {**ANSWERS, "institution": "<img src=x onerror=alert(1)>", "purpose": "<script>alert(1)</script>" * 5}
    made = submit(ada, family, answers=hostile)
    page = client.get(f"/applications/{made.number}/")
    assertContains(page, "&lt;img src=x onerror=alert(1)&gt;")
    assertNotContains(page, "<script>alert")
    assertNotContains(page, "<img src=x")
