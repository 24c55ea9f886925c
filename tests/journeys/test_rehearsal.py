"""What comes after the button of a rehearsal, in every look: an address shows it only to who pressed it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.journeys import delivery_rooms as delivery
from tests.journeys.conftest import Opener
from tests.journeys.furniture import furnish
from tests.journeys.looking import LOOKS
from tests.journeys.test_shell import faults_in


def test_a_rehearsal_names_who_would_be_told(transactional_db: None, s3_server: str, open_browser: Opener) -> None:
    house = furnish()
    address = delivery.drill(house)
    visit = open_browser(user=house.ben)
    visit.page.goto(address)
    visit.page.get_by_role("button", name="Rehearse it").click()
    expect(visit.page.get_by_role("heading", name="Who would be told")).to_be_visible()
    expect(visit.page.locator("main")).to_contain_text("a…@uni.example")
    faults = [f"{name}: {fault}" for name in LOOKS for fault in faults_in(visit, name)]
    assert not faults + visit.faults, "\n".join(faults + visit.faults)
