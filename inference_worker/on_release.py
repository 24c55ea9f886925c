"""What runs on a release, for whoever thinks of withdrawing it: batches that are not over, and the workers on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from inference_worker.models import Batch, Chunk
from release.models import Release
from release.running import Running

OVER = (Batch.State.COMPLETED, Batch.State.FAILED, Batch.State.CANCELLED, Batch.State.EXPIRED)


def running_on(release: Release, now: datetime) -> Iterator[Running]:
    """Their lines are refused one by one from the withdrawal on: a worker asks before each."""
    open_batches = Batch.objects.filter(release=release).exclude(state__in=OVER)
    chunks = Chunk.objects.filter(batch__in=open_batches, state=Chunk.State.LEASED, lease_until__gt=now)
    batch_lane = open_batches.filter(lane=Batch.Lane.BATCH)
    yield Running("batches", _("Batch jobs that are not over"), batch_lane.count())
    yield Running("requests", _("Requests that wait for an answer"), open_batches.count() - batch_lane.count())
    yield Running("workers", _("Workers that run lines of them"), chunks.values("owner").distinct().count())
