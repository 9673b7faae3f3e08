from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "clinic"
    verbose_name = "The clinic"

    def ready(self) -> None:
        from clinic import checks, last_look, opt_outs  # noqa: F401, PLC0415 -- app ready

        last_look.register_guard(opt_outs.look)
