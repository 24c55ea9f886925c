"""`manage.py worker`: Celery's worker with the settings that suit an engine in its process."""

from __future__ import annotations

import os
import threading
from argparse import ArgumentTypeError
from typing import Any

from celery.signals import worker_ready, worker_shutting_down
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import get_resolver

from access_portal.celery import app
from inference_worker import admission, engines, hints
from release.models import LIVE_STATES, Release, Variant

OPTIONS = ("--pool", "threads", "--without-gossip", "--without-mingle", "--loglevel", "WARNING")
# A chunk that is not done this long after SIGTERM is handed back, before a process manager loses patience.
GRACE_SECONDS = 8


class Command(BaseCommand):
    help = "Validate and finish batches, and run the models named (by default all that this installation knows)."
    requires_system_checks = []  # they import every page of the portal; see `handle` for Celery's own

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--models", default="all", help="model ids with commas between, or: all")
        parser.add_argument("--concurrency", type=_places, default=4, help="chunks at once; they share the engine")

    def handle(self, *args: Any, **options: Any) -> None:
        os.environ["CELERY_SKIP_CHECKS"] = "1"
        model_ids = _model_ids(options["models"])
        queues = [hints.CONTROL_QUEUE, *(hints.model_queue(model_id) for model_id in model_ids)]
        worker_shutting_down.connect(_hand_back_in_time, weak=False)
        admission.here.places = places = options["concurrency"]
        # The policy names pages in its answers. Loading them all takes seconds, which a lease would not live through.
        _ = get_resolver().url_patterns
        published = [model_id for model_id in model_ids if _is_published(model_id)]
        line = f"Worker ready: {places} chunks at once, models: {', '.join(published) or 'none published yet'}"
        worker_ready.connect(lambda **_: self._say(line), weak=False)
        app.worker_main(["--quiet", "worker", *OPTIONS, "--concurrency", str(places), "--queues", ",".join(queues)])

    def _say(self, line: str) -> None:
        """On the command's own stream: sys.stdout has become Celery's log by then."""
        self.stdout.write(line)
        self.stdout.flush()


def _places(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise ArgumentTypeError("must be a whole number from 1 to 64")
    return int(text)


def _model_ids(wanted: str) -> list[str]:
    """Raises CommandError for a model that does not exist. One that is not published yet may be soon."""
    known = list(Variant.objects.order_by("model_id").values_list("model_id", flat=True))
    if wanted == "all":
        return known
    chosen = [name.strip() for name in wanted.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in known]
    if unknown or not chosen:
        raise CommandError(f"No such model: {', '.join(unknown) or 'none named'}. Known are: {', '.join(known)}.")
    return chosen


def _is_published(model_id: str) -> bool:
    return Release.objects.filter(variant__model_id=model_id, state__in=LIVE_STATES).exists()


def _hand_back_in_time(**_: Any) -> None:
    timer = threading.Timer(GRACE_SECONDS, engines.close_all)
    timer.daemon = True
    timer.start()
