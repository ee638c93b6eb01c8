"""The service's URLs, and under `bare/` what each measured one would be if written by hand."""

from django.urls import path

from bench import bare
from eventhub.urls import handler400, handler403, handler404, handler500
from eventhub.urls import urlpatterns as urls_of_the_service

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("bare/worker", bare.worker),
    path("bare/attendees/", bare.register),
    path("bare/attendees/<int:pk>", bare.cancel),
    path("bare/events/", bare.events),
    path("bare/events/<int:pk>", bare.event),
    path("bare/events/<int:pk>/attendees", bare.attendees),
    *urls_of_the_service,
]
