"""Each message knows whose words it speaks, who asked for it and who says it instead; messages keep decent hours."""

import datetime

from django.db import migrations, models

from clinic.together import Together

#: What was written before is known by its title.
WHOSE_WORDS = """
UPDATE clinic_outboundmessage SET says = CASE
    WHEN title IN ('Your visit is booked', 'Your visits are booked') THEN 'visit_booked'
    WHEN title IN ('Your visit has a new time', 'Your visit has changed') THEN 'visit_moved'
    ELSE purpose END
"""


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0009_questions_by_link"),
    ]

    operations = [
        Together(
            [
                migrations.RemoveConstraint(
                    model_name="desktask",
                    name="desk_task_kind_is_known",
                ),
                migrations.RemoveConstraint(
                    model_name="outboundmessage",
                    name="message_gives_a_reason_when_it_was_not_sent",
                ),
                migrations.RemoveConstraint(
                    model_name="outboundmessage",
                    name="message_purpose_is_known",
                ),
                migrations.AddField(
                    model_name="clinic",
                    name="messages_from",
                    field=models.TimeField(db_default=datetime.time(8, 0), default=datetime.time(8, 0)),
                ),
                migrations.AddField(
                    model_name="clinic",
                    name="messages_until",
                    field=models.TimeField(db_default=datetime.time(21, 0), default=datetime.time(21, 0)),
                ),
                migrations.AddField(
                    model_name="clinic",
                    name="texts_a_day",
                    field=models.PositiveSmallIntegerField(db_default=3, default=3),
                ),
                migrations.AddField(
                    model_name="outboundmessage",
                    name="rule_uid",
                    field=models.UUIDField(null=True),
                ),
                migrations.AddField(
                    model_name="outboundmessage",
                    name="said_by_uid",
                    field=models.UUIDField(null=True),
                ),
                migrations.AddField(
                    model_name="outboundmessage",
                    name="says",
                    field=models.CharField(
                        blank=True,
                        choices=[
                            ("visit_booked", "Visit booked"),
                            ("visit_moved", "Visit moved"),
                            ("visit_cancelled", "Visit called off"),
                            ("visit_reminder", "Reminder"),
                            ("waitlist_offer", "Free time offered"),
                            ("recall", "Invitation to book"),
                            ("plan_review", "Review of the plan is due"),
                            ("exercise_nudge", "Reminder of exercises"),
                            ("invoice", "Invoice"),
                            ("reply", "Answer to a message"),
                            ("home_programme", "Page for home"),
                            ("questions", "Questions for at home"),
                            ("invitation", "Invitation to sign in"),
                            ("password_reset", "Forgotten password"),
                            ("sign_in_notice", "Change to a sign-in"),
                            ("record_opened", "Record opened with a reason"),
                        ],
                        db_default="",
                        default="",
                        max_length=30,
                    ),
                ),
                migrations.AddField(
                    model_name="outboundmessage",
                    name="wording",
                    field=models.CharField(blank=True, db_default="", default="", max_length=60),
                ),
                migrations.AlterField(
                    model_name="desktask",
                    name="kind",
                    field=models.CharField(
                        choices=[
                            ("move_wanted", "Wants another time"),
                            ("visit_cancelled", "Cancelled a visit"),
                            ("call_patient", "To be called"),
                            ("series_to_place", "Days of a series to place"),
                            ("wrote_back", "Wrote back"),
                        ],
                        max_length=30,
                    ),
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
                            ("recall", "Invitation to book"),
                            ("plan_review", "Review of the plan is due"),
                            ("exercise_nudge", "Reminder of exercises"),
                            ("invoice", "Invoice"),
                            ("reply", "Answer to a message"),
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
                migrations.AlterField(
                    model_name="outboundmessage",
                    name="reason",
                    field=models.CharField(
                        blank=True,
                        choices=[
                            ("cancelled", "the visit was cancelled"),
                            ("moved", "the visit was moved"),
                            ("over", "the visit has begun or is over"),
                            ("taken_back", "what it says was taken back"),
                            ("opted_out", "the patient does not want messages"),
                            ("no_consent", "the patient has not agreed to messages on this channel"),
                            ("no_address", "there is no address it could go to"),
                            ("bad_address", "the address cannot be right"),
                            ("no_longer_needed", "what it asks for was done meanwhile"),
                            ("rule_changed", "the rule that asked for it was changed"),
                            ("too_many", "the person had as many messages that day as they may get"),
                            ("too_late", "it could not be sent in time"),
                            ("quiet_hours", "there was no decent hour before the visit"),
                            ("paused", "sending was paused"),
                            ("duplicate_contact", "another message to the same person says the same"),
                            ("restored", "the clinic was restored from a backup in between"),
                            ("refused", "the mail server refused it for good"),
                            ("unsendable", "it could not be made into a mail"),
                            ("worker_lost", "the sender was interrupted while handing it over"),
                            ("connection_lost", "the connection broke while handing it over"),
                        ],
                        max_length=30,
                    ),
                ),
                migrations.AlterField(
                    model_name="outboundmessage",
                    name="void_reason",
                    field=models.CharField(
                        blank=True,
                        choices=[
                            ("cancelled", "the visit was cancelled"),
                            ("moved", "the visit was moved"),
                            ("over", "the visit has begun or is over"),
                            ("taken_back", "what it says was taken back"),
                            ("opted_out", "the patient does not want messages"),
                            ("no_consent", "the patient has not agreed to messages on this channel"),
                            ("no_address", "there is no address it could go to"),
                            ("bad_address", "the address cannot be right"),
                            ("no_longer_needed", "what it asks for was done meanwhile"),
                            ("rule_changed", "the rule that asked for it was changed"),
                            ("too_many", "the person had as many messages that day as they may get"),
                            ("too_late", "it could not be sent in time"),
                            ("quiet_hours", "there was no decent hour before the visit"),
                            ("paused", "sending was paused"),
                            ("duplicate_contact", "another message to the same person says the same"),
                            ("restored", "the clinic was restored from a backup in between"),
                            ("refused", "the mail server refused it for good"),
                            ("unsendable", "it could not be made into a mail"),
                            ("worker_lost", "the sender was interrupted while handing it over"),
                            ("connection_lost", "the connection broke while handing it over"),
                        ],
                        max_length=30,
                    ),
                ),
                migrations.AddIndex(
                    model_name="outboundmessage",
                    index=models.Index(fields=["channel", "to_address", "due_at"], name="message_address"),
                ),
                migrations.AddConstraint(
                    model_name="clinic",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("messages_from__lt", models.F("messages_until"))),
                        name="decent_hours_have_an_end",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="desktask",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                ["move_wanted", "visit_cancelled", "call_patient", "series_to_place", "wrote_back"],
                            )
                        ),
                        name="desk_task_kind_is_known",
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
                                    "recall",
                                    "plan_review",
                                    "exercise_nudge",
                                    "invoice",
                                    "reply",
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
                migrations.AddConstraint(
                    model_name="outboundmessage",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("reason", ""),
                                models.Q(
                                    (
                                        "state__in",
                                        {
                                            "bounced": frozenset(["bad_address", "refused"]),
                                            "failed": frozenset(["bad_address", "refused", "unsendable"]),
                                            "suppressed": frozenset(
                                                [
                                                    "bad_address",
                                                    "cancelled",
                                                    "duplicate_contact",
                                                    "moved",
                                                    "no_address",
                                                    "no_consent",
                                                    "no_longer_needed",
                                                    "opted_out",
                                                    "over",
                                                    "paused",
                                                    "quiet_hours",
                                                    "restored",
                                                    "rule_changed",
                                                    "taken_back",
                                                    "too_late",
                                                    "too_many",
                                                ]
                                            ),
                                            "unknown": frozenset(["connection_lost", "restored", "worker_lost"]),
                                        },
                                    ),
                                    _negated=True,
                                ),
                            ),
                            models.Q(
                                (
                                    "reason__in",
                                    [
                                        "bad_address",
                                        "cancelled",
                                        "duplicate_contact",
                                        "moved",
                                        "no_address",
                                        "no_consent",
                                        "no_longer_needed",
                                        "opted_out",
                                        "over",
                                        "paused",
                                        "quiet_hours",
                                        "restored",
                                        "rule_changed",
                                        "taken_back",
                                        "too_late",
                                        "too_many",
                                    ],
                                ),
                                ("state", "suppressed"),
                            ),
                            models.Q(("reason__in", ["bad_address", "refused", "unsendable"]), ("state", "failed")),
                            models.Q(("reason__in", ["bad_address", "refused"]), ("state", "bounced")),
                            models.Q(
                                ("reason__in", ["connection_lost", "restored", "worker_lost"]), ("state", "unknown")
                            ),
                            _connector="OR",
                        ),
                        name="message_gives_a_reason_when_it_was_not_sent",
                    ),
                ),
            ]
        ),
        migrations.RunSQL(WHOSE_WORDS, migrations.RunSQL.noop),
    ]
