"""Patients are asked questions, and keep a diary, by link."""

from django.db import migrations, models

from clinic.together import Together


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0008_programme_messages"),
    ]

    operations = [
        Together(
            [
                migrations.RemoveConstraint(
                    model_name="outboundmessage",
                    name="message_purpose_is_known",
                ),
                migrations.AlterField(
                    model_name="outboundmessage",
                    name="purpose",
                    field=models.CharField(
                        choices=[
                            ("visit_booked", "Visit booked"),
                            ("visit_moved", "Visit moved"),
                            ("visit_cancelled", "Visit called off"),
                            ("visit_reminder", "Reminder"),
                            ("waitlist_offer", "Free time offered"),
                            ("home_programme", "Page for home"),
                            ("questions", "Questions for at home"),
                            ("invitation", "Invitation to sign in"),
                            ("password_reset", "Forgotten password"),
                            ("sign_in_notice", "Change to a sign-in"),
                            ("record_opened", "Record opened with a reason"),
                        ],
                        max_length=30,
                    ),
                ),
                migrations.AddConstraint(
                    model_name="outboundmessage",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "purpose__in",
                                [
                                    "visit_booked",
                                    "visit_moved",
                                    "visit_cancelled",
                                    "visit_reminder",
                                    "waitlist_offer",
                                    "home_programme",
                                    "questions",
                                    "invitation",
                                    "password_reset",
                                    "sign_in_notice",
                                    "record_opened",
                                ],
                            )
                        ),
                        name="message_purpose_is_known",
                    ),
                ),
            ]
        )
    ]
