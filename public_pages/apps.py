from django.apps import AppConfig


class PublicPagesConfig(AppConfig):
    name = "public_pages"
    verbose_name = "Public pages"
