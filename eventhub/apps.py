from django.apps import AppConfig
from django.contrib.admin import apps as admin


class EventHubConfig(AppConfig):
    name = "eventhub"

    def ready(self) -> None:
        from eventhub import checks  # noqa: F401  (registers itself)


class BackOfficeConfig(admin.AdminConfig):
    default = False
    default_site = "eventhub.admin.site.BackOfficeSite"

    def ready(self) -> None:
        super().ready()
        from eventhub.admin import task_views  # noqa: F401  (registers itself, in place of the libraries' pages)
