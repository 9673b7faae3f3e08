from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"

    def ready(self) -> None:
        from clinic import replanning, staff, wordings  # noqa: PLC0415 -- app ready
        from scheduling import feeds, last_look, plan_nudges, reminders, words  # noqa: F401, PLC0415 -- app ready

        wordings.register_telling_words(words.telling_words)
        staff.ON_LEAVING.append(feeds.revoke_of_leaver)
        replanning.register(reminders.follow)
        plan_nudges.ready()
