"""Safety rules as they come with Tonus, and what the database refuses: a version of a rule is never changed, it
only ends; screens, clearances, checks of a visit and what a decision relied on are written once. Plain SQL, as in 0002.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations
from django.utils import timezone

from treatments import rulebook

WRITTEN_ONCE = (
    "treatments_redflagscreen",
    "treatments_redflagclearance",
    "treatments_visitcheck",
    "treatments_reliance",
)

GUARDS = """
CREATE FUNCTION treatments_guard_rule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.in_force_until IS NULL AND NEW.in_force_until IS NOT NULL
           AND to_jsonb(NEW) - 'in_force_until' = to_jsonb(OLD) - 'in_force_until' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'A version of a rule is never changed; the next one takes its place.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_version_of_a_rule_is_never_changed';
END $$;
CREATE TRIGGER a_guard_rule BEFORE UPDATE OR DELETE ON treatments_safetyrule
    FOR EACH ROW EXECUTE FUNCTION treatments_guard_rule();
CREATE TRIGGER a_guard_rule_truncate BEFORE TRUNCATE ON treatments_safetyrule
    FOR EACH STATEMENT EXECUTE FUNCTION treatments_guard_rule();
""" + "\n".join(
    f"""
CREATE TRIGGER a_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION treatments_append_only();
CREATE TRIGGER a_append_only_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION treatments_append_only();"""
    for table in WRITTEN_ONCE
)

BACK = (
    "DROP TRIGGER a_guard_rule ON treatments_safetyrule;"
    "DROP TRIGGER a_guard_rule_truncate ON treatments_safetyrule;"
    "DROP FUNCTION treatments_guard_rule();"
    + "".join(
        f"DROP TRIGGER a_append_only ON {table}; DROP TRIGGER a_append_only_truncate ON {table};"
        for table in WRITTEN_ONCE
    )
)


def load(apps: Any, schema_editor: Any) -> None:
    rulebook.load(apps.get_model("treatments", "SafetyRule"), at=timezone.now())


class Migration(migrations.Migration):
    dependencies: ClassVar = [("treatments", "0013_safety_rules")]

    operations: ClassVar = [
        migrations.RunPython(load, migrations.RunPython.noop),
        migrations.RunSQL(GUARDS, BACK),
    ]
