"""What comes back from outside: what became of messages, what patients write, and who wants no more of it."""

import uuid

import django.contrib.postgres.fields
import django.db.models.functions.text
from django.db import migrations, models

from clinic.together import Together


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0011_wording"),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="DeliveryEvent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("event_id", models.CharField(max_length=200, unique=True)),
                        ("message_uid", models.UUIDField()),
                        ("said", models.CharField(max_length=30)),
                        ("detail", models.CharField(blank=True, max_length=60)),
                        ("received_at", models.DateTimeField()),
                    ],
                    options={
                        "indexes": [models.Index(fields=["message_uid", "received_at"], name="event_of_message")],
                    },
                ),
                migrations.CreateModel(
                    name="InboundText",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("provider_id", models.CharField(max_length=64, unique=True)),
                        ("from_number", models.CharField(max_length=16)),
                        ("text", models.TextField(max_length=1600)),
                        (
                            "meaning",
                            models.CharField(
                                choices=[
                                    ("confirm", "Will come"),
                                    ("move", "Wants another time"),
                                    ("stop", "No more text messages"),
                                    ("cancel", "No more text messages, and may want to cancel"),
                                    ("start", "Text messages again"),
                                    ("help", "Who is this?"),
                                    ("words", "Wrote back"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("received_at", models.DateTimeField()),
                        (
                            "patient_uids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.UUIDField(), blank=True, default=list, size=None
                            ),
                        ),
                        (
                            "about_uids",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.UUIDField(), blank=True, default=list, size=None
                            ),
                        ),
                        ("handled_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["from_number", "-received_at"], name="inbound_number"),
                            models.Index(
                                condition=models.Q(("handled_at__isnull", True)),
                                fields=["received_at"],
                                name="inbound_unhandled",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("meaning__in", ["confirm", "move", "stop", "cancel", "start", "help", "words"])
                                ),
                                name="inbound_meaning_is_known",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OptOut",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "channel",
                            models.CharField(choices=[("email", "E-mail"), ("sms", "Text message")], max_length=10),
                        ),
                        ("address", models.CharField(max_length=254)),
                        (
                            "source",
                            models.CharField(
                                choices=[
                                    ("text", "a text message from this number"),
                                    ("link", "the link to unsubscribe in a mail"),
                                    ("provider", "the provider, which has been told so"),
                                    ("complaint", "a complaint that our mail is spam"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("opted_out_at", models.DateTimeField()),
                        ("lifted_at", models.DateTimeField(null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("lifted_at__isnull", True)),
                                fields=("channel", "address"),
                                name="opt_out_stands_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("channel__in", ["email", "sms"])), name="opt_out_channel_is_known"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("source__in", ["text", "link", "provider", "complaint"])),
                                name="opt_out_source_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("address", django.db.models.functions.text.Lower("address")),
                                    models.Q(("address", ""), _negated=True),
                                ),
                                name="opt_out_address_is_normal",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("lifted_at__isnull", True),
                                    ("lifted_at__gte", models.F("opted_out_at")),
                                    _connector="OR",
                                ),
                                name="opt_out_is_lifted_after_it_was_made",
                            ),
                        ],
                    },
                ),
                migrations.AlterField(
                    model_name="desktask",
                    name="patient_uid",
                    field=models.UUIDField(null=True),
                ),
                migrations.AddIndex(
                    model_name="outboundmessage",
                    index=models.Index(
                        django.db.models.functions.text.Upper("to_address"),
                        models.F("channel"),
                        condition=models.Q(("state__in", ["claimed", "handing_over", "planned"])),
                        name="message_open_address",
                    ),
                ),
            ],
        ),
    ]
