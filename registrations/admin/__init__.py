from registrations.admin.registration_admin import RegistrationAdmin

__all__ = ["RegistrationAdmin"]
