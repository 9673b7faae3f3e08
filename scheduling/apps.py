from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"

    def ready(self) -> None:
        from clinic import staff  # noqa: PLC0415 -- app ready
        from scheduling import feeds, last_look  # noqa: F401, PLC0415 -- app ready

        staff.ON_LEAVING.append(feeds.revoke_of_leaver)
