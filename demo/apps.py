"""Registers the demonstration with Django: its pages under /demo/ and its commands. Installed only by `./dev up`."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "demo"
