"""Tells other rooms that an application was sent; whoever listens acts inside the transaction of the sending."""

from django.dispatch import Signal

application_sent = Signal()  # gives `application`, just sent for the first time or again, its row locked, and `now`
