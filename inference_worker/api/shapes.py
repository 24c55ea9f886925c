"""Rows as the API shows them; times are whole Unix seconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from inference_worker.models import Batch, StoredFile
from inference_worker.queries import Page
from release.models import Release

Row = TypeVar("Row", StoredFile, Batch)


def seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def file(stored: StoredFile) -> dict[str, Any]:
    return {
        "id": stored.pk,
        "object": "file",
        "bytes": stored.size_bytes,
        "created_at": seconds(stored.created_at),
        "expires_at": seconds(stored.expires_at),
        "filename": stored.filename,
        "purpose": stored.purpose,
        "status": "processed",
        "status_details": None,
    }


def batch(row: Batch) -> dict[str, Any]:
    moments = (
        "created", "in_progress", "expires", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled",
    )  # fmt: skip
    return {
        "id": row.pk,
        "object": "batch",
        "endpoint": row.endpoint,
        "model": None if row.release is None else row.release.variant.model_id,
        "errors": None if row.errors is None else {"object": "list", "data": row.errors},
        "input_file_id": row.input_file_id,
        "completion_window": row.completion_window,
        "status": row.state,
        "output_file_id": row.output_file_id,
        "error_file_id": row.error_file_id,
        **{f"{name}_at": seconds(getattr(row, f"{name}_at")) for name in moments},
        "request_counts": {"total": row.total_lines, "completed": row.completed_lines, "failed": row.failed_lines},
        "usage": _usage(row.prompt_tokens, row.completion_tokens),
        "metadata": row.metadata,
    }


def model(release: Release, tokens: dict[str, int | None]) -> dict[str, Any]:
    variant = release.variant
    return {
        "id": variant.model_id,
        "object": "model",
        "created": seconds(release.published_at),
        "owned_by": "portal",
        "max_model_len": variant.context_tokens,
        "vocab_size": variant.vocab_size,
        **tokens,
    }


def page(found: Page[Row], shape: Callable[[Row], dict[str, Any]]) -> dict[str, Any]:
    rows = found.rows
    return {
        "object": "list",
        "data": [shape(row) for row in rows],
        "first_id": rows[0].pk if rows else None,
        "last_id": rows[-1].pk if rows else None,
        "has_more": found.has_more,
    }


def _usage(read: int, written: int) -> dict[str, Any]:
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }
