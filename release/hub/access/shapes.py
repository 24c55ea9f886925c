"""Requests in the shapes that Hub clients read."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from access_portal.applications.models import Application, QueueLine
from release.hub.access.requests import AccessRequest
from release.hub.shapes import Json, moment


def listed(asked: AccessRequest) -> Json:
    """A line of the three lists."""
    person = asked.person
    return {
        "requestId": asked.key,
        "user": {
            "_id": str(person.pk),
            "user": person.username,
            "fullname": str(person),
            "email": person.email,
            "avatarUrl": "",
            "type": "user",
        },
        "status": str(asked.status),
        "timestamp": moment(asked.at),
        "fields": fields(asked),
    }


def reported(asked: AccessRequest) -> Json:
    """A line of the report."""
    person = asked.person
    return {
        "user": person.username,
        "fullname": str(person),
        "status": str(asked.status),
        "email": person.email,
        "time": moment(asked.at),
    }


def fields(asked: AccessRequest) -> dict[str, str]:
    """No more of the case than its line in the queue says; the rest is on the page."""
    if asked.grant is not None:
        name, number, state = "grant_case", asked.grant.number, asked.grant.get_state_display()
    else:
        assert asked.application is not None
        name, number, state = "review_case", asked.application.number, asked.application.get_state_display()
    line = None if asked.application is None else _line(asked.application)
    said = {} if line is None else {"Institution": line.institution, "Country": line.country}
    return {**said, "State": str(state), "Page": settings.BASE_URL + reverse(name, args=[number])}


def _line(application: Application) -> QueueLine | None:
    return getattr(application, "queue_line", None)
