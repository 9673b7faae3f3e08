"""A series that was booked is told of in words of its own."""

from django.db import migrations, models

from clinic.together import Together


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0013_channel_health"),
    ]

    operations = [
        Together(
            [
                migrations.RemoveConstraint(
                    model_name="messagetemplate",
                    name="template_kind_is_known",
                ),
                migrations.AddConstraint(
                    model_name="messagetemplate",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "visit_booked",
                                    "visits_booked",
                                    "series_booked",
                                    "visit_moved",
                                    "visit_changed",
                                    "visits_changed",
                                    "visit_cancelled",
                                    "visits_cancelled",
                                    "visit_reminder",
                                    "visits_reminder",
                                    "family_reminder",
                                    "waitlist_offer",
                                    "recall",
                                    "plan_review",
                                    "exercise_nudge",
                                    "home_programme",
                                    "questions",
                                    "diary",
                                    "invoice",
                                    "invoice_overdue",
                                    "reply_confirmed",
                                    "reply_other_time",
                                    "reply_no_visit",
                                    "reply_passed_on",
                                    "reply_help",
                                    "reply_stopped",
                                    "reply_started",
                                ],
                            )
                        ),
                        name="template_kind_is_known",
                    ),
                ),
            ]
        ),
    ]
