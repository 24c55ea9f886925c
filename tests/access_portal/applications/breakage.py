"""Real failures in the middle of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection

from access_portal.outbox.models import OutboxMail


@contextmanager
def no_mail_can_be_queued() -> Iterator[None]:
    """The database takes no row in the outbox, and what is done inside must fail for it."""
    table = OutboxMail._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"CREATE TRIGGER no_mail BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no mail'); END")
        else:
            body = "BEGIN RAISE EXCEPTION 'no mail'; END"
            cursor.execute(f"CREATE FUNCTION no_mail() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
            cursor.execute(f"CREATE TRIGGER no_mail BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_mail()")
    with pytest.raises(DatabaseError, match="no mail"):
        yield
