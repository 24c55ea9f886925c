"""Pages of a person's jobs."""

from django.http import Http404, HttpRequest, HttpResponse


def my_jobs(request: HttpRequest) -> HttpResponse:
    raise Http404


def job(request: HttpRequest, batch_id: str) -> HttpResponse:
    raise Http404


def job_file(request: HttpRequest, batch_id: str, kind: str) -> HttpResponse:
    raise Http404
