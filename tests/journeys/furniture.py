"""A house with something in every room, for pages to show."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.utils import timezone

from access_portal.accounts.models import Role, Scope, User
from access_portal.accounts.tokens import issue_token
from access_portal.applications.models import Application, State
from access_portal.grants.models import Grant
from access_portal.outbox.models import WebhookEndpoint
from inference_worker.models import Batch, StoredFile
from release.catalogue.loading import load_catalogue
from release.models import Family, Release
from release.storage import jobs_store
from tests.access_portal.applications.scenes import make_application, make_open_family, make_staff
from tests.access_portal.outbox.scenes import fill_mail, make_webhook
from tests.factories import make_grant, make_release, make_user
from tests.inference_worker.jobs import make_batch
from tests.journeys.applicant_rooms import apply

ANSWER = " and stormy night; and the company, who had but little to say,\nsaid it at great length."


@dataclass(frozen=True)
class House:
    """The cast, and the things that pages are about."""

    ada: User  # holds a grant
    ben: User  # reviewer with a second factor
    cy: User  # applied, and waits
    eve: User  # was refused once
    dee: User  # has not confirmed the address
    dot: User  # applies for something else on each page
    release: Release
    grant: Grant
    waiting: Application  # of Cy
    refused: Application  # of Eve, by Ben
    running: Batch
    done: Batch
    gus: User  # operator
    webhook: WebhookEndpoint


def furnish() -> House:
    """Rows for every page of `pages.PAGES`."""
    now = timezone.now()
    ada, ben, cy = make_user("ada"), make_staff("ben", Role.REVIEWER, Role.DECIDER), make_user("cy")
    eve, dee = make_user("eve"), make_user("dee", verified=False)
    RecoveryCodes.activate(ben)
    issue_token(actor=ada, name="laptop", scopes=[Scope.DOWNLOAD, Scope.JOBS], days=90, now=now)
    load_catalogue(now=now)
    family = Family.objects.get(slug="quill")
    release = make_release(family.variants.get(slug="5m"))
    grant = make_grant(ada, family)
    gus = make_staff("gus", Role.OPERATOR)
    fill_mail(cy, now)
    return House(
        ada, ben, cy, eve, dee, make_user("dot"), release, grant,
        waiting=apply(cy, family),
        refused=make_application(eve, make_open_family("gander"), State.REFUSED_FIXABLE, decider=ben),
        running=make_batch(grant, release, total_lines=12_000, completed_lines=4_211, failed_lines=3),
        done=finished(make_batch(grant, release, total_lines=3, completed_lines=3, prompt_tokens=12)),
        gus=gus,
        webhook=make_webhook(gus, now),
    )  # fmt: skip


def finished(batch: Batch) -> Batch:
    """A batch that is through, with its results in the store."""
    body = {"choices": [{"text": ANSWER}]}
    answers = [{"custom_id": f"line-{n}", "error": None, "response": {"body": body}} for n in range(3)]
    data = "".join(json.dumps(answer) + "\n" for answer in answers).encode()
    output = StoredFile.objects.create(
        owner=batch.owner, purpose="batch_output", filename="out.jsonl", size_bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(), storage_key=f"files/{batch.pk}/out", expires_at=batch.expires_at,
    )  # fmt: skip
    jobs_store().put_bytes(output.storage_key, data)
    batch.output_file, batch.state, batch.completed_at = output, Batch.State.COMPLETED, timezone.now()
    batch.save()
    return batch
