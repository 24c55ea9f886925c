"""Licences in a real browser: published, replaced while they are read, compared, printed; and a receipt."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from access_portal.accounts.models import Role
from access_portal.grants.models import Grant
from access_portal.licences.commands import publish_version
from access_portal.licences.models import LicenceVersion
from access_portal.receipts.verify import verify
from release.catalogue.loading import load_catalogue
from release.models import Family
from tests.access_portal.applications.scenes import make_staff
from tests.factories import make_grant, make_release, make_user
from tests.journeys.conftest import Opener
from tests.journeys.looking import CONTRAST, LOOKS, TAGS, Visit, accessibility_faults, layout_faults

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def grant() -> Grant:
    """Ada's, under the licence that comes with the demo model."""
    load_catalogue(now=timezone.now())
    return make_grant(make_user("ada"), Family.objects.get(slug="quill"))


def replace(grant: Grant) -> LicenceVersion:
    old = grant.licence_version
    text = old.text.replace("you may", "you and your students may") + "\n\n## One more thing\n\nTell us of it.\n"
    return publish_version(licence=old.licence, number="9.0", text=text, summary=[], actor=None, now=timezone.now())


def look_at(visit: Visit, name: str) -> None:
    """Sound in every look; with GATEHOUSE_SHOTS in the environment, a picture of each is kept there."""
    faults: list[str] = []
    for look, size in LOOKS.items():
        visit.wear(size)
        rules = CONTRAST if size.scheme == "dark" else TAGS
        faults += layout_faults(visit.page) + ([] if look == "narrow" else accessibility_faults(visit.page, rules))
        if "GATEHOUSE_SHOTS" in os.environ:
            visit.page.screenshot(path=f"{os.environ['GATEHOUSE_SHOTS']}/{name}-{look}.png", full_page=True)
    visit.wear(LOOKS["desktop-light"])
    assert not faults + visit.faults, "\n".join(faults + visit.faults)


def test_a_text_is_written_looked_at_and_published(grant: Grant, open_browser: Opener) -> None:
    visit = open_browser(user=make_staff("olga", Role.ADMIN))
    page = visit.page
    page.goto("/office/licences/")
    page.get_by_role("row", name=str(grant.licence_version.licence)).get_by_role("link", name="Write a new").click()
    page.get_by_label("Number of the version").fill("9.0")
    page.locator("[name=text]").fill(grant.licence_version.text.replace("you may", "you and your students may"))
    page.get_by_label("In plain words").fill("Students count.")
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("heading", name="Preview of version 9.0")).to_be_visible()
    look_at(visit, "preview")
    page.get_by_role("button", name="Publish it for good").click()
    expect(page.get_by_role("status")).to_contain_text("Published.")
    assert LicenceVersion.objects.get(number="9.0").summary == ["Students count."]


def test_a_text_replaced_while_it_is_read_is_shown_with_what_changed(grant: Grant, open_browser: Opener) -> None:
    visit = open_browser(user=make_user("cy"))
    page = visit.page
    page.goto(f"/licences/{grant.licence_version_id}/")
    page.get_by_label("I have read this licence").check()
    new = replace(grant)
    page.get_by_role("button", name="Accept this version").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was accepted")
    expect(page.locator("ins").first).to_be_visible()
    look_at(visit, "replaced")
    page.get_by_label("I have read this licence").check()
    page.get_by_role("button", name="Accept this version").click()
    expect(page.get_by_role("main")).to_contain_text("You accepted this version on")
    assert [row.version for row in new.acceptances.all()] == [new]


@pytest.mark.parametrize(
    "path", ["/licences/", "/licences/mine/", "changes", "text", "receipt", "/models/quill/", "/models/quill/5m/v1/"]
)
def test_pages_are_sound_in_every_look(path: str, grant: Grant, open_browser: Opener) -> None:
    new = replace(grant)
    make_release(grant.family.variants.get(slug="5m"))
    where = {
        "changes": f"/licences/{new.pk}/changes/", "text": f"/licences/{new.pk}/",
        "receipt": f"/grants/{grant.number}/receipt/",
    }  # fmt: skip
    visit = open_browser(user=grant.holder)
    visit.page.goto(where.get(path, path))
    look_at(visit, path.strip("/").replace("/", "-"))


def words_on_paper(page: Page) -> str:
    page.emulate_media(media="print")
    said: str = page.evaluate("document.body.innerText")
    return said


def test_paper_holds_the_text_its_fingerprint_and_nothing_to_press(grant: Grant, open_browser: Opener) -> None:
    page = open_browser(user=grant.holder).page
    page.goto(f"/licences/{grant.licence_version_id}/")
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    paper = words_on_paper(page)
    assert grant.licence_version.sha256 in paper
    assert f"/licences/{grant.licence_version_id}/" in paper
    for word in ("Print", "Sign out", "Accept this version", "Your acceptance", "All versions"):
        assert word not in paper
    if "GATEHOUSE_SHOTS" in os.environ:
        page.screenshot(path=f"{os.environ['GATEHOUSE_SHOTS']}/paper.png", full_page=True)


def test_without_scripts_printing_is_explained(grant: Grant, open_browser: Opener) -> None:
    visit = open_browser()
    visit.context.route("**/*.js", lambda route: route.abort())
    visit.page.goto(f"/licences/{grant.licence_version_id}/")
    expect(visit.page.get_by_text("use your browser’s own Print command")).to_be_visible()
    expect(visit.page.get_by_role("button", name="Print")).to_be_hidden()


def test_a_receipt_downloaded_here_is_genuine_elsewhere(grant: Grant, open_browser: Opener, tmp_path: Path) -> None:
    page = open_browser(user=grant.holder).page
    page.goto(f"/grants/{grant.number}/receipt/")
    with page.expect_download() as download:
        page.get_by_role("link", name=f"Download {grant.number}.jws").click()
    download.value.save_as(tmp_path / "r.jws")
    keys = page.request.get("/.well-known/gatehouse-receipts.json").body()
    assert json.loads(keys)["keys"]
    assert verify((tmp_path / "r.jws").read_bytes(), keys)["grant"]["number"] == grant.number
    assert page.get_by_label("Everything above").input_value() == (tmp_path / "r.jws").read_text()
    assert grant.licence_version.sha256 in words_on_paper(page)
