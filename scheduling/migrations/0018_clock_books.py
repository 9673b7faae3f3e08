"""How the clocks of our zones stand, as far as was known when visits were booked."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0017_rules_in_other_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="ClockBook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("zone", models.CharField(max_length=64, unique=True)),
                ("stands", models.JSONField()),
                ("begins_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("noted_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("begins_at"))), name="a_clock_book_has_an_end"
                    )
                ],
            },
        ),
    ]
