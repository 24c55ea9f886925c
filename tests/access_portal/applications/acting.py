"""Giving commands as a page would: with the version that is on the screen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from access_portal.accounts.models import User
from access_portal.applications.models import Application
from access_portal.errors import GatehouseError
from tests.access_portal.applications.scenes import NOW


def told(case: Application, actor: User | None, now: datetime = NOW, **more: Any) -> dict[str, Any]:
    """Who acts on which case, as it is now."""
    version = Application.objects.get(pk=case.pk).version
    return {"actor": actor, "number": str(case.number), "version": version, "now": now, **more}


def word(case: Application, actor: User | None, now: datetime = NOW, **more: Any) -> dict[str, Any]:
    """The same for what is meant whatever others did meanwhile."""
    return {"actor": actor, "number": str(case.number), "now": now, **more}


def refusal_of(call: Any, **arguments: Any) -> GatehouseError:
    """Why it cannot be done; what it did before it found out is undone."""
    with pytest.raises(GatehouseError) as caught, transaction.atomic():
        call(**arguments)
    return caught.value


def code_of(call: Any, **arguments: Any) -> str:
    return refusal_of(call, **arguments).code
