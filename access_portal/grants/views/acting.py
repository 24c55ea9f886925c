"""How a form on a page becomes a command."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.db import transaction

from access_portal.errors import InvalidError


def done(form: forms.Form, act: Callable[[], object]) -> bool:
    """Whether the form is sound and the command went through; what it says about a field goes to that field."""
    if not form.is_valid():
        return False
    try:
        with transaction.atomic():
            act()
    except InvalidError as problem:
        form.add_error(problem.field if problem.field in form.fields else None, problem.explanation)
        return False
    return True
