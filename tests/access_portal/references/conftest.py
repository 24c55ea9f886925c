"""The cast: Ada, a student; the family she applies for."""

import pytest

from access_portal.accounts.models import User
from release.models import Family
from tests.access_portal.applications.scenes import make_open_family
from tests.factories import make_user


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def family() -> Family:
    return make_open_family()
