from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate, pre_migrate


class RegistrationsConfig(AppConfig):
    name = "registrations"

    def ready(self) -> None:
        from eventhub.observability import health_views
        from eventhub.observability.metrics import gauges
        from registrations import metrics, triggers

        gauges.append(metrics.gauges)
        health_views.require(
            lambda: not triggers.missing_triggers(), otherwise="the seat triggers are missing; run migrate"
        )
        register(triggers.check_installed, Tags.database)
        # Triggers are part of the schema that `migrate` makes, and no model can declare them. SQLite remakes a table
        # to alter it, which fails or loses them: they go before and come back after (registrations/triggers/).
        pre_migrate.connect(triggers.before_migrate, sender=self)
        post_migrate.connect(triggers.after_migrate, sender=self)
