"""Registers inference_worker with Django, and what it runs with the releases."""

from django.apps import AppConfig


class InferenceWorkerConfig(AppConfig):
    name = "inference_worker"
    verbose_name = "inference"

    def ready(self) -> None:
        from inference_worker.on_release import running_on
        from release.running import register

        register(running_on)
