"""What the patient table leans on: the extensions, how names are folded, and the sequence of patient numbers.

Before 0001, because its generated columns call tonus_fold.
"""

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

# unaccent() alone is only STABLE, as its dictionary could be changed; named with its dictionary it may stand in an
# index. Apostrophes vanish (O'Brien is found by obrien); other punctuation becomes a space.
FOLD = r"""
CREATE FUNCTION tonus_fold(raw text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT translate(
        lower(public.unaccent('public.unaccent'::regdictionary, normalize(raw, NFKC))),
        E'-.,;:/()"_\t\n+''`\u2018\u2019\u02bc\u00b4', E'            ')
$$;
"""


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        migrations.RunSQL(FOLD, "DROP FUNCTION tonus_fold(text)"),
        migrations.RunSQL("CREATE SEQUENCE patient_number AS integer", "DROP SEQUENCE patient_number"),
    ]
