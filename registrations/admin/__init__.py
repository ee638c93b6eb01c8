"""The back office of registrations: thin faces over seats, desk, adding and enrolling."""

from registrations.admin.registration_admin import RegistrationAdmin

__all__ = ["RegistrationAdmin"]
