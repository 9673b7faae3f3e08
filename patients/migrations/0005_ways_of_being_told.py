"""Patients may say how long before a visit they are reminded, and by which clock they live."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import clinic.models.people
from clinic.together import Together


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0004_kinds_that_nobody_said"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together(
            [
                pgtrigger.migrations.RemoveTrigger(
                    model_name="patient",
                    name="insert_insert",
                ),
                pgtrigger.migrations.RemoveTrigger(
                    model_name="patient",
                    name="update_update",
                ),
                migrations.AddField(
                    model_name="patient",
                    name="lead_hours",
                    field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="reminded"),
                ),
                migrations.AddField(
                    model_name="patient",
                    name="zone",
                    field=models.CharField(
                        blank=True,
                        db_default="",
                        max_length=64,
                        validators=[clinic.models.people.validate_zone],
                        verbose_name="time zone",
                    ),
                ),
                migrations.AddField(
                    model_name="patientevent",
                    name="lead_hours",
                    field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="reminded"),
                ),
                migrations.AddField(
                    model_name="patientevent",
                    name="zone",
                    field=models.CharField(
                        blank=True,
                        db_default="",
                        max_length=64,
                        validators=[clinic.models.people.validate_zone],
                        verbose_name="time zone",
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="patient",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_patientevent" ("address_line", "allergy_status", "born_on", "city", "country", "deactivated_at", "deactivated_by_id", "deactivated_reason", "email", "family_name", "given_name", "id", "language", "lead_hours", "merged_into_id", "number", "other_phone", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "postal_code", "preferred_channel", "preferred_name", "pronouns", "region", "registered_at", "registered_by_id", "revision", "sex", "uid", "zone") SELECT new_values."address_line", new_values."allergy_status", new_values."born_on", new_values."city", new_values."country", new_values."deactivated_at", new_values."deactivated_by_id", new_values."deactivated_reason", new_values."email", new_values."family_name", new_values."given_name", new_values."id", new_values."language", new_values."lead_hours", new_values."merged_into_id", new_values."number", new_values."other_phone", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."phone", new_values."postal_code", new_values."preferred_channel", new_values."preferred_name", new_values."pronouns", new_values."region", new_values."registered_at", new_values."registered_by_id", new_values."revision", new_values."sex", new_values."uid", new_values."zone" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="c2c5d2d76466cbcf0dc63eb3f5216833fe3fe625",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_62165",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="patients_patient",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="patient",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "patients_patientevent" ("address_line", "allergy_status", "born_on", "city", "country", "deactivated_at", "deactivated_by_id", "deactivated_reason", "email", "family_name", "given_name", "id", "language", "lead_hours", "merged_into_id", "number", "other_phone", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "postal_code", "preferred_channel", "preferred_name", "pronouns", "region", "registered_at", "registered_by_id", "revision", "sex", "uid", "zone") SELECT new_values."address_line", new_values."allergy_status", new_values."born_on", new_values."city", new_values."country", new_values."deactivated_at", new_values."deactivated_by_id", new_values."deactivated_reason", new_values."email", new_values."family_name", new_values."given_name", new_values."id", new_values."language", new_values."lead_hours", new_values."merged_into_id", new_values."number", new_values."other_phone", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."phone", new_values."postal_code", new_values."preferred_channel", new_values."preferred_name", new_values."pronouns", new_values."region", new_values."registered_at", new_values."registered_by_id", new_values."revision", new_values."sex", new_values."uid", new_values."zone" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."address_line" IS DISTINCT FROM (new_values."address_line") OR old_values."allergy_status" IS DISTINCT FROM (new_values."allergy_status") OR old_values."born_on" IS DISTINCT FROM (new_values."born_on") OR old_values."city" IS DISTINCT FROM (new_values."city") OR old_values."country" IS DISTINCT FROM (new_values."country") OR old_values."deactivated_at" IS DISTINCT FROM (new_values."deactivated_at") OR old_values."deactivated_by_id" IS DISTINCT FROM (new_values."deactivated_by_id") OR old_values."deactivated_reason" IS DISTINCT FROM (new_values."deactivated_reason") OR old_values."email" IS DISTINCT FROM (new_values."email") OR old_values."family_name" IS DISTINCT FROM (new_values."family_name") OR old_values."given_name" IS DISTINCT FROM (new_values."given_name") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."language" IS DISTINCT FROM (new_values."language") OR old_values."lead_hours" IS DISTINCT FROM (new_values."lead_hours") OR old_values."merged_into_id" IS DISTINCT FROM (new_values."merged_into_id") OR old_values."number" IS DISTINCT FROM (new_values."number") OR old_values."other_phone" IS DISTINCT FROM (new_values."other_phone") OR old_values."phone" IS DISTINCT FROM (new_values."phone") OR old_values."postal_code" IS DISTINCT FROM (new_values."postal_code") OR old_values."preferred_channel" IS DISTINCT FROM (new_values."preferred_channel") OR old_values."preferred_name" IS DISTINCT FROM (new_values."preferred_name") OR old_values."pronouns" IS DISTINCT FROM (new_values."pronouns") OR old_values."region" IS DISTINCT FROM (new_values."region") OR old_values."registered_at" IS DISTINCT FROM (new_values."registered_at") OR old_values."registered_by_id" IS DISTINCT FROM (new_values."registered_by_id") OR old_values."revision" IS DISTINCT FROM (new_values."revision") OR old_values."sex" IS DISTINCT FROM (new_values."sex") OR old_values."uid" IS DISTINCT FROM (new_values."uid") OR old_values."zone" IS DISTINCT FROM (new_values."zone")) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="46a6e30be417a9db039e3bc35ba69e5b52807045",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_546ce",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="patients_patient",
                            when="AFTER",
                        ),
                    ),
                ),
                migrations.AddConstraint(
                    model_name="patient",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("lead_hours__isnull", True), ("lead_hours__range", (1, 720)), _connector="OR"
                        ),
                        name="patient_is_reminded_a_possible_time_before",
                    ),
                ),
            ]
        ),
    ]
