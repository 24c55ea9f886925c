"""Addresses of the API below /v1/: matched exactly, without a trailing slash; everything else is a JSON 404."""

from django.urls import path, re_path

from inference_worker.api import batches, completions, files, model_list
from inference_worker.api.endpoint import unknown_route

urlpatterns = [
    path("models", model_list.collection),
    path("models/<str:model_id>", model_list.item),
    path("files", files.collection),
    path("files/<str:file_id>", files.item),
    path("files/<str:file_id>/content", files.content),
    path("batches", batches.collection),
    path("batches/<str:batch_id>", batches.item),
    path("batches/<str:batch_id>/cancel", batches.cancel),
    path("completions", completions.collection),
    re_path(r"^.*$", unknown_route),
]
