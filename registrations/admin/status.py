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
COLOURS_BY_LABEL = {label: COLOURS[status] for status, label in LABELS.items()}


def label(registration: Registration) -> str:
    return LABELS[RegistrationStatus(registration.status)]


def colour(registration: Registration) -> str:
    return COLOURS[RegistrationStatus(registration.status)]
