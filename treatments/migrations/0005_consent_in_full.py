"""Plans accepted before this kept the version of the words; from now on they keep the words, how, and to whom."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

WORDING = (
    "I was told what is planned, why, and what it may do to me, and could ask about it. I agree to be treated this "
    "way and can stop at any time, also in the middle of a session."
)
FILL = """
UPDATE treatments_plan
   SET consent_text = CASE consent_wording WHEN '2026-11' THEN %s ELSE 'Wording ' || consent_wording END,
       consent_how = 'read_out', consent_taken_by_id = accepted_by_id
 WHERE accepted_at IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("treatments", "0004_programme")]

    operations: ClassVar = [migrations.RunSQL([(FILL, [WORDING])], migrations.RunSQL.noop)]
