"""The Celery application: a wake-up bell between the portal and the workers.

Nothing depends on a message arriving: the database holds the truth and the clock process rings again.
Web processes send hints by task name and so never import the workers' code.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "access_portal.settings")

app = Celery("gatehouse")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
