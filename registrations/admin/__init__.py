"""The back office of registrations: thin faces over seats, desk, adding and enrolling."""

from registrations.admin.office import RegistrationAdmin

__all__ = ["RegistrationAdmin"]
