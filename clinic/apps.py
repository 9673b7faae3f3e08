from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = "The clinic"

    def ready(self) -> None:
        from clinic import checks  # noqa: F401, PLC0415 -- app ready
