from django.contrib.admin.apps import AdminConfig


class OfficeConfig(AdminConfig):
    default_site = "eventhub.office.site.Office"

    def ready(self) -> None:
        super().ready()
        from eventhub import checks  # noqa: F401  (registers itself)
        from eventhub.office import background_work  # noqa: F401  (registers itself, in place of the libraries' pages)
