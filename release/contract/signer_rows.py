"""What the credentials that sign download links can do beside that: nothing."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from release.contract.rows import Row
from release.contract.trial import DATA, Trial
from release.errors import StoreUnavailableError
from release.storage import jobs_store, jobs_store_as_signer, weights_store_as_signer

ONE_FOR_ALL = Row(
    "the signer has credentials of its own",
    lambda trial: settings.S3_SIGNER_ACCESS_KEY != settings.S3_ACCESS_KEY,
    needed=False,
    otherwise="whoever gets them can write and delete as well; give the signer its own",
)


def signer_rows() -> tuple[Row, ...]:
    """The rows for credentials of its own, or the one row that says that it has none."""
    if settings.S3_SIGNER_ACCESS_KEY == settings.S3_ACCESS_KEY:
        return (ONE_FOR_ALL,)
    return (
        ONE_FOR_ALL,
        Row("the signer can read the weights", lambda trial: weights_store_as_signer().read(trial.key) == DATA),
        Row("the signer cannot write weights", _refused(_write)),
        Row("the signer cannot delete weights", _refused(lambda trial: weights_store_as_signer().delete(trial.key))),
        Row("the signer cannot list the weights", _refused(_list)),
        Row("the signer cannot read the jobs bucket", _refused(_read_jobs)),
    )


def _refused(act: Callable[[Trial], None]) -> Callable[[Trial], bool]:
    """Whether the store refuses; one that does not answer refuses nothing."""

    def holds(trial: Trial) -> bool:
        try:
            act(trial)
        except StoreUnavailableError as error:
            return not error.passing
        return False

    return holds


def _write(trial: Trial) -> None:
    weights_store_as_signer().put_bytes(f"{trial.prefix}/written", b"by the signer")


def _list(trial: Trial) -> None:
    weights_store_as_signer().first_key(trial.prefix)


def _read_jobs(trial: Trial) -> None:
    key = f"{trial.prefix}/job"
    jobs_store().put_bytes(key, b"a job")
    try:
        jobs_store_as_signer().read(key)
    finally:
        jobs_store().delete(key)
