"""Consent is whole on every accepted plan, and what was agreed, said or sent is refused a change by the database.

Plain SQL, as in 0002: what a version of a plan says, the name of an exercise that plans name, a final letter.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models

GUARDS = """
CREATE FUNCTION treatments_guard_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'A plan is never removed; it is stopped, with the reason.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'what_was_planned_or_added_is_never_changed';
    END IF;
    IF (NEW.uid, NEW.patient_id, NEW.episode_id, NEW.author_id, NEW.version, NEW.replaces_id, NEW.summary,
        NEW.review_on, NEW.same_day, NEW.proposed_at, NEW.proposed_by_id)
       IS DISTINCT FROM
       (OLD.uid, OLD.patient_id, OLD.episode_id, OLD.author_id, OLD.version, OLD.replaces_id, OLD.summary,
        OLD.review_on, OLD.same_day, OLD.proposed_at, OLD.proposed_by_id) THEN
        RAISE EXCEPTION 'What a plan says is never changed; a revision is a new version.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'what_was_planned_or_added_is_never_changed';
    END IF;
    IF OLD.accepted_at IS NOT NULL
       AND (NEW.accepted_at, NEW.accepted_by_id, NEW.consented_on, NEW.consent_wording, NEW.consent_text,
            NEW.consent_how, NEW.consent_giver, NEW.consent_taken_by_id)
           IS DISTINCT FROM
           (OLD.accepted_at, OLD.accepted_by_id, OLD.consented_on, OLD.consent_wording, OLD.consent_text,
            OLD.consent_how, OLD.consent_giver, OLD.consent_taken_by_id) THEN
        RAISE EXCEPTION 'Consent stays as it was given.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'consent_stays_as_it_was_given';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_guard_plan BEFORE UPDATE OR DELETE ON treatments_plan
    FOR EACH ROW EXECUTE FUNCTION treatments_guard_plan();

CREATE FUNCTION treatments_guard_exercise() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.name, NEW.unit) IS DISTINCT FROM (OLD.name, OLD.unit)
       AND EXISTS (SELECT FROM treatments_exerciseprescription WHERE exercise_id = OLD.id) THEN
        RAISE EXCEPTION 'Plans name this exercise: retire it and add another.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_prescribed_exercise_keeps_its_name';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_guard_exercise BEFORE UPDATE ON treatments_exercise
    FOR EACH ROW EXECUTE FUNCTION treatments_guard_exercise();

CREATE FUNCTION treatments_guard_letter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.finalised_at IS NOT NULL THEN
        RAISE EXCEPTION 'A final letter is never changed; write the next version.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_final_letter_is_never_changed';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_guard_letter BEFORE UPDATE OR DELETE ON treatments_letter
    FOR EACH ROW EXECUTE FUNCTION treatments_guard_letter();
"""

GUARDS_BACK = """
DROP TRIGGER a_guard_plan ON treatments_plan;
DROP TRIGGER a_guard_exercise ON treatments_exercise;
DROP TRIGGER a_guard_letter ON treatments_letter;
DROP FUNCTION treatments_guard_plan();
DROP FUNCTION treatments_guard_exercise();
DROP FUNCTION treatments_guard_letter();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("treatments", "0005_consent_in_full")]

    operations: ClassVar = [
        migrations.AddConstraint(
            model_name="plan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("accepted_at__isnull", True),
                        ("consent_how", ""),
                        ("consent_taken_by__isnull", True),
                        ("consent_text", ""),
                    ),
                    models.Q(
                        ("accepted_at__isnull", False),
                        ("consent_how__in", ["read_out", "shown", "signed", "telephone"]),
                        ("consent_taken_by__isnull", False),
                        models.Q(("consent_text", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="consent_keeps_its_words_how_and_to_whom",
            ),
        ),
        migrations.RunSQL(GUARDS, GUARDS_BACK),
    ]
