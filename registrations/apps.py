from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate, pre_migrate


class RegistrationsConfig(AppConfig):
    name = "registrations"

    def ready(self) -> None:
        from registrations import triggers

        register(triggers.check_installed, Tags.database)
        # Triggers are part of the schema that `migrate` makes, and no model can declare them. SQLite remakes a table
        # to alter it, which fails or loses them: they go before and come back after (registrations/triggers.py).
        pre_migrate.connect(triggers.before_migrate, sender=self)
        post_migrate.connect(triggers.after_migrate, sender=self)
