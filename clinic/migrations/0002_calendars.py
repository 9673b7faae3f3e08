from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clinic", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="clinic",
            name="calendars_may_name",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="outboundmessage",
            name="calendar",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
