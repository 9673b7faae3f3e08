"""Each channel fares by itself; what another message says as well is found from it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from clinic.together import Together


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0012_what_comes_back"),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="ChannelHealth",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "channel",
                            models.CharField(
                                choices=[("email", "E-mail"), ("sms", "Text message")], max_length=10, unique=True
                            ),
                        ),
                        ("down_since", models.DateTimeField(null=True)),
                        ("failures", models.PositiveIntegerField(default=0)),
                        ("next_try_at", models.DateTimeField(null=True)),
                        ("detail", models.CharField(blank=True, max_length=60)),
                        ("next_slot_at", models.DateTimeField(null=True)),
                        ("paused_at", models.DateTimeField(null=True)),
                        (
                            "paused_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("channel__in", ["email", "sms"])),
                                name="channel_of_health_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("down_since__isnull", True), ("failures", 0), ("next_try_at__isnull", True)
                                    ),
                                    models.Q(
                                        ("down_since__isnull", False),
                                        ("failures__gte", 1),
                                        ("next_try_at__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="channel_that_is_away_is_tried_again",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("paused_at__isnull", True), ("paused_by__isnull", True)),
                                    models.Q(("paused_at__isnull", False), ("paused_by__isnull", False)),
                                    _connector="OR",
                                ),
                                name="channel_is_paused_by_someone",
                            ),
                        ],
                    },
                ),
                migrations.RemoveIndex(model_name="outboundmessage", name="message_due"),
                migrations.AddIndex(
                    model_name="outboundmessage",
                    index=models.Index(
                        condition=models.Q(("state", "planned")),
                        fields=["channel", "next_try_at", "id"],
                        name="message_due",
                    ),
                ),
                migrations.AddIndex(
                    model_name="outboundmessage",
                    index=models.Index(
                        condition=models.Q(("said_by_uid__isnull", False)),
                        fields=["said_by_uid"],
                        name="message_said_by",
                    ),
                ),
                migrations.AddIndex(
                    model_name="outboundmessage",
                    index=models.Index(
                        condition=models.Q(("said_by_uid__isnull", False), ("state", "suppressed")),
                        fields=["too_late_at"],
                        name="message_left_to_another",
                    ),
                ),
                migrations.AddIndex(
                    model_name="actionlink",
                    index=models.Index(
                        condition=models.Q(("message_uid__isnull", False)),
                        fields=["message_uid"],
                        name="link_message",
                    ),
                ),
            ]
        ),
    ]
