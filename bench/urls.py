"""The project's URLs, and under `bare/` a view written by hand for each measured request."""

from django.urls import path

from bench import bare
from eventhub.urls import handler400, handler403, handler404, handler500
from eventhub.urls import urlpatterns as urls_of_the_project

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("bare/attendees/", bare.registrations),
    path("bare/attendees/<int:pk>", bare.registration),
    path("bare/events/", bare.events),
    path("bare/events/<int:pk>", bare.event),
    path("bare/events/<int:pk>/attendees", bare.attendees),
    *urls_of_the_project,
]
