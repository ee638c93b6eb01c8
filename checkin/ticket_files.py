"""Tickets as pictures and as a page to print."""

from io import BytesIO
from typing import Any

import segno
from django.utils import translation
from django.utils.text import Truncator

from checkin import typst_files
from checkin.services.tickets import Ticket, has_ticket, ticket_of
from checkin.texts import words
from eventhub.datetimes import written
from eventhub.languages import current_language
from registrations.confirmation_extras import Extra
from registrations.models import Registration

# Light margin around a code, in modules: what the standard asks for (ISO/IEC 18004).
QUIET_ZONE = 4
# Characters of a text on a page of A6, so that all of them have room.
MOST_SHOWN = 100
TEMPLATE = "ticket.typ"


def svg(ticket: Ticket) -> bytes:
    return _picture(ticket, kind="svg", scale=8, xmldecl=True)


def png(ticket: Ticket) -> bytes:
    return _picture(ticket, kind="png", scale=10)


def data_uri(ticket: Ticket) -> str:
    """Return the picture for the `src` of an image on a page of ours."""
    uri: str = _code(ticket).svg_data_uri(border=QUIET_ZONE, scale=8, dark="#000", light="#fff")
    return uri


def pdf(ticket: Ticket) -> bytes:
    """Return a page of A6 in the language of the person. Raise NotInstalled."""
    with translation.override(ticket.language):
        return typst_files.pdf(TEMPLATE, _noted(contents(ticket)))


def contents(ticket: Ticket) -> dict[str, str]:
    """Return what the template shows, in the active language."""
    event = ticket.registration.event
    return {
        "language": current_language(),
        "title": Truncator(event.title).chars(MOST_SHOWN),
        "name": Truncator(ticket.registration.name).chars(MOST_SHOWN),
        "when": written(event.date_time, event.end_time, event.zone),
        "where": Truncator(event.place).chars(MOST_SHOWN),
        "code": ticket.spelled,
        "picture": svg(ticket).decode(),
        "alternative": words().picture,
    }


def _noted(shown: dict[str, str]) -> dict[str, str]:
    """Put a question mark in place of each letter that no font has, and a sentence that says so."""
    missing = typst_files.letters_without_font(shown)
    return {**typst_files.without_letters(shown, missing), "note": words().letters} if missing else shown


def confirmation_extra(registration: Registration) -> Extra | None:
    """Return the ticket as a part of the confirmation, or None if there is none, or none any more."""
    if not has_ticket(registration):
        return None
    ticket = ticket_of(registration)
    return Extra("Ticket", ticket.link, ticket.spelled, lambda: png(ticket)) if ticket.is_valid else None


def _picture(ticket: Ticket, **options: Any) -> bytes:
    file = BytesIO()
    _code(ticket).save(file, border=QUIET_ZONE, dark="#000", light="#fff", **options)
    return file.getvalue()


def _code(ticket: Ticket) -> segno.QRCode:
    return segno.make_qr(ticket.code, error="m")
