"""What is unknown is found without a walk through all that was ever sent."""

from django.db import migrations, models

from clinic.together import Together


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0014_series_in_its_own_words"),
    ]

    operations = [
        Together(
            [
                migrations.AddIndex(
                    model_name="outboundmessage",
                    index=models.Index(
                        condition=models.Q(("state", "unknown")), fields=["handing_over_at"], name="message_unknown"
                    ),
                ),
            ]
        ),
    ]
