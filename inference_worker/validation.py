"""From an input file to chunks that can run, or to the faults that fail the batch; one pass, line by line.

Safe to run twice, at once or after a crash: objects have fixed names and content, and the batch leaves `validating` by
one compare-and-set, together with its reservation and its chunks.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings
from django.db import transaction

from access_portal.audit.commands import record
from access_portal.grants import policy
from access_portal.grants.models import Grant
from inference_worker import completions, finishing, hints, ledger, model_folder, queries, results
from inference_worker.chunking import ChunkWriter, line_id
from inference_worker.engine.tokenizer import Tokenizer
from inference_worker.errors import ModelNotFoundError
from inference_worker.input_lines import Fault, InputLine, LineRules, Order, StructureError, split
from inference_worker.ledger import QuotaShortError
from inference_worker.models import Batch, Chunk
from inference_worker.results import Line
from release.models import Release
from release.queries import policy_model
from release.storage import jobs_store

MOST_FAULTS = 100
MIB = 1024 * 1024


@dataclass(frozen=True)
class _Model:
    """What line 1 named: the release, the right to run it, and how to count its tokens."""

    release: Release
    grant: Grant
    tokenizer: Tokenizer
    context_tokens: int


def validate_batch(batch_id: str, now: datetime) -> None:
    """Move a batch from `validating` to `in_progress` or `failed`; nothing for one in another state or out of time."""
    batch = Batch.objects.select_related("owner", "input_file").get(pk=batch_id)
    if batch.state != Batch.State.VALIDATING or now >= batch.expires_at:
        return
    with closing(_Pass(batch, now)) as reading:
        reading.run()
        if reading.faults:
            _fail(batch, reading, now)
            return
        try:
            accepted = _accept(batch, reading, now)
        except QuotaShortError as error:
            reading.faults = [Fault("token_limit_exceeded", error.explanation)]
            _fail(batch, reading, now)
            return
    if accepted and not reading.chunks.cuts:
        finishing.advance(batch_id, now)


class _Pass:
    """One reading of the input: faults, or chunks stored, refused lines at hand, and the tokens to reserve."""

    def __init__(self, batch: Batch, now: datetime) -> None:
        self.batch = batch
        self.now = now
        self.faults: list[Fault] = []
        self.chunks = ChunkWriter(batch.pk)
        self.rejected: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(max_size=MIB)  # noqa: SIM115 - see close()
        self.rejected_lines = self.total_lines = self.tokens = 0
        self.model: _Model | None = None
        self._model_id: str | None = None
        self._model_refusal = ""
        self._rules = LineRules(batch.endpoint)

    @property
    def rejected_key(self) -> str:
        return f"results/{self.batch.pk}/rejected.jsonl" if self.rejected_lines else ""

    def close(self) -> None:
        self.rejected.close()

    def run(self) -> None:
        for line in split(jobs_store().stream(self.batch.input_file.storage_key), settings.MAX_LINE_BYTES):
            self.total_lines += 1
            if self.total_lines > settings.MAX_BATCH_LINES:
                most = f"The file has more than {settings.MAX_BATCH_LINES} requests."
                self.faults = [Fault("too_many_tasks", most, "input_file_id")]
                return
            self._take(line)
            if len(self.faults) == MOST_FAULTS:
                return
        if not self.total_lines:
            self.faults = [Fault("empty_file", "The file holds no requests.", "input_file_id")]
        elif not self.faults:
            self.chunks.flush()
            self._store_rejected()

    def discard(self) -> None:
        """Delete the objects of a batch that will not run."""
        self.chunks.discard()
        results.delete(self.rejected_key)

    def _take(self, line: InputLine) -> None:
        try:
            order = self._rules.read(line)
            model = self._the_model(order)
        except StructureError as error:
            self.faults.append(Fault(error.code, str(error), error.param, line.number))
            return
        if not self.faults:  # with one, nothing of the batch will run
            self._prepare(Line(line_id(self.batch.pk, line.number), order.custom_id, order.body), model)

    def _the_model(self, order: Order) -> _Model:
        if self._model_id is None:
            self._model_id = order.model
            self._find_model(order.model)
        if order.model != self._model_id:
            raise StructureError("model_mismatch", "All lines must name the model of the first one.", "body.model")
        if self.model is None:
            raise StructureError("model_not_found", self._model_refusal, "body.model")
        return self.model

    def _find_model(self, model_id: str) -> None:
        try:
            release = queries.model_release(model_id)
        except ModelNotFoundError as error:
            self._model_refusal = error.explanation
            return
        decision = policy.decide(self.batch.owner, policy.Action.INFER, policy_model(release), self.now)
        if isinstance(decision, policy.Refused):
            self._model_refusal = f"{decision.explanation} {decision.remedy}"
            return
        assert decision.grant is not None
        tokenizer, config = model_folder.tokenizer(release)
        self.model = _Model(release, decision.grant, tokenizer, config.context_tokens)

    def _prepare(self, line: Line, model: _Model) -> None:
        try:
            call = completions.parse(line.body, tokenizer=model.tokenizer, context_tokens=model.context_tokens)
        except completions.BodyError as error:
            self.rejected_lines += 1
            self.rejected.write(
                results.refused(line, status=error.status, code=error.code, message=error.message, param=error.param)
            )
            return
        self.tokens += call.worst_case_tokens
        self.chunks.add(line, call.worst_case_tokens)

    def _store_rejected(self) -> None:
        if self.rejected_lines:
            self.rejected.seek(0)
            pieces = iter(lambda: self.rejected.read(MIB), b"")
            jobs_store().put_stream(self.rejected_key, pieces, results.CONTENT_TYPE)


def _accept(batch: Batch, reading: _Pass, now: datetime) -> bool:
    """Reserve, make the chunks and move on, or none of it; raises QuotaShortError."""
    model = reading.model
    assert model is not None
    with transaction.atomic():
        moved = _leave_validating(
            batch,
            Batch.State.IN_PROGRESS,
            in_progress_at=now,
            release=model.release,
            grant=model.grant,
            total_lines=reading.total_lines,
            failed_lines=reading.rejected_lines,
            rejected_key=reading.rejected_key,
        )
        if moved and reading.chunks.cuts:
            ledger.reserve(batch=batch, grant=model.grant, tokens=reading.tokens, now=now)
            Chunk.objects.bulk_create(
                Chunk(
                    batch=batch, index=index, lines_key=cut.key, line_count=cut.line_count, cost_tokens=cut.cost_tokens
                )
                for index, cut in enumerate(reading.chunks.cuts)
            )
            hints.wake(model.release.variant.model_id)
        if moved:
            data = {"lines": reading.total_lines, "refused": reading.rejected_lines, "reserved": reading.tokens}
            record(f"batch:{batch.pk}", "batch.in_progress", actor=None, now=now, data=data)
    if not moved:
        _discard_unless_used(batch, reading)
    return moved


def _fail(batch: Batch, reading: _Pass, now: datetime) -> None:
    with transaction.atomic():
        faults = [fault.as_json() for fault in reading.faults]
        moved = _leave_validating(batch, Batch.State.FAILED, failed_at=now, errors=faults)
        if moved:
            codes = sorted({fault.code for fault in reading.faults})
            record(f"batch:{batch.pk}", "batch.failed", actor=None, now=now, data={"codes": codes})
    _discard_unless_used(batch, reading)


def _leave_validating(batch: Batch, state: Batch.State, **changes: Any) -> bool:
    return Batch.objects.filter(pk=batch.pk, state=Batch.State.VALIDATING).update(state=state, **changes) == 1


def _discard_unless_used(batch: Batch, reading: _Pass) -> None:
    """Another run may have been first and put the very same objects to use."""
    batch.refresh_from_db()
    if not batch.rejected_key and not batch.chunks.exists():
        reading.discard()
