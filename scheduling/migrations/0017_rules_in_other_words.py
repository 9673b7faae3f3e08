"""A rule says in which words it asks for a message, where these are not the usual ones."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0016_message_rules"),
    ]

    operations = [
        migrations.AddField(
            model_name="messagerule",
            name="variant",
            field=models.CharField(blank=True, db_default="", default="", max_length=30),
        ),
    ]
