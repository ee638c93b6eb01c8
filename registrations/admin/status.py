"""Labels and colours in the back office. The API's schema shows the model's own labels."""

from registrations.models import Registration, RegistrationStatus

LABELS = {
    RegistrationStatus.REGISTERED: "Registered",
    RegistrationStatus.WAITLISTED: "Waiting list",
    RegistrationStatus.ATTENDED: "Checked in",
    RegistrationStatus.CANCELLED: "Cancelled",
}
COLOURS = {
    RegistrationStatus.REGISTERED: "info",
    RegistrationStatus.WAITLISTED: "warning",
    RegistrationStatus.ATTENDED: "success",
    RegistrationStatus.CANCELLED: "danger",
}
ON_HOLD = "Not confirmed"  # a seat that is held for a guest
COLOURS_BY_LABEL = {label: COLOURS[status] for status, label in LABELS.items()} | {ON_HOLD: "warning"}


def label(registration: Registration) -> str:
    return ON_HOLD if registration.is_on_hold else LABELS[RegistrationStatus(registration.status)]


def colour(registration: Registration) -> str:
    return COLOURS_BY_LABEL[ON_HOLD] if registration.is_on_hold else COLOURS[RegistrationStatus(registration.status)]
