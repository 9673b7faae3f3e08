"""A review stays as it was written, and an allergy's kind that nobody has said is not known.

Registration had no field for the kind and wrote "drug" for each: what was listed in the moment of registration, and
has not been corrected since, becomes "not known". What somebody has chosen since stays.
"""

from django.db import migrations

REVIEWS_STAY = """
CREATE TRIGGER glassreview_is_append_only BEFORE UPDATE OR DELETE ON patients_glassreview
    FOR EACH ROW EXECUTE FUNCTION patients_refuse('glassreview_is_append_only')
"""
NOT_KNOWN = """
UPDATE patients_allergy AS a SET kind = 'unknown' FROM patients_patient AS p
 WHERE p.id = a.patient_id AND a.kind = 'drug' AND a.revision = 1 AND a.recorded_at = p.registered_at
"""


class Migration(migrations.Migration):
    dependencies = [("patients", "0003_opened_records_are_reviewed")]

    operations = [
        migrations.RunSQL(REVIEWS_STAY, "DROP TRIGGER glassreview_is_append_only ON patients_glassreview"),
        migrations.RunSQL(NOT_KNOWN, "UPDATE patients_allergy SET kind = 'drug' WHERE kind = 'unknown'"),
    ]
