"""What no writer of patients' records may do, whoever it is: kept by plain SQL triggers.

- Consents and broken glass are append-only; facts, merges and patients are never deleted.
- "None known" and "listed" agree with the list of allergies, at the end of each transaction.
- A record is merged only into one that itself stands.
- The words of names are known to the search (docs/algorithms/name-search.md).
"""

from django.db import migrations

APPEND_ONLY = ("contactconsent", "breakglass")
NEVER_DELETED = (
    "patient", "emergencycontact", "injury", "condition", "surgery", "allergy", "medication",
    "identifier", "coverage", "document", "careteammember", "merge",
)  # fmt: skip

REFUSE = """
CREATE FUNCTION patients_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are kept: % is refused.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME;
END $$;
"""

ALLERGIES = """
CREATE FUNCTION patients_allergy_status_agrees() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whose bigint;
    said text;
    listed boolean;
BEGIN
    IF TG_TABLE_NAME = 'patients_patient' THEN whose := NEW.id; ELSE whose := NEW.patient_id; END IF;
    SELECT allergy_status INTO said FROM patients_patient WHERE id = whose FOR SHARE;
    listed := EXISTS (SELECT 1 FROM patients_allergy WHERE patient_id = whose AND voided_at IS NULL);
    IF listed AND said <> 'listed' THEN
        RAISE EXCEPTION 'The list of allergies is not empty.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'none_known_means_no_allergy_is_listed',
                  TABLE = TG_TABLE_NAME;
    ELSIF said = 'listed' AND NOT listed THEN
        RAISE EXCEPTION 'The list of allergies is empty.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'listed_means_an_allergy_is_listed',
                  TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER allergy_status_of_new_patient AFTER INSERT ON patients_patient
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.allergy_status <> 'not_asked')
    EXECUTE FUNCTION patients_allergy_status_agrees();
CREATE CONSTRAINT TRIGGER allergy_status_of_patient AFTER UPDATE OF allergy_status ON patients_patient
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION patients_allergy_status_agrees();
CREATE CONSTRAINT TRIGGER allergy_status_of_list AFTER INSERT OR UPDATE ON patients_allergy
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION patients_allergy_status_agrees();
"""

MERGES = """
CREATE FUNCTION patients_merge_ends_at_a_survivor() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    target bigint;
BEGIN
    SELECT merged_into_id INTO target FROM patients_patient WHERE id = NEW.id;
    IF target IS NULL THEN RETURN NULL; END IF;
    PERFORM 1 FROM patients_patient WHERE id = target AND merged_into_id IS NULL FOR SHARE;
    IF NOT FOUND OR EXISTS (SELECT 1 FROM patients_patient WHERE merged_into_id = NEW.id) THEN
        RAISE EXCEPTION 'A record is merged into one that stands.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'merge_ends_at_a_survivor', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER merge_ends_at_a_survivor AFTER UPDATE OF merged_into_id ON patients_patient
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.merged_into_id IS NOT NULL)
    EXECUTE FUNCTION patients_merge_ends_at_a_survivor();
"""

# Once a statement, not once a row: a COPY of a million patients costs one pass over their distinct words. Words are
# never taken away by the trigger (no row is hot, nothing deadlocks): a word that nobody bears any more finds nobody.
WORDS = """
CREATE FUNCTION tonus_deletion_keys(word text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_agg(DISTINCT k COLLATE "C" ORDER BY k COLLATE "C") FROM (
        SELECT word AS k
        UNION ALL SELECT overlay(word PLACING '' FROM i FOR 1) FROM generate_series(1, length(word)) AS i
    ) AS every
$$;
CREATE FUNCTION patients_learn_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO patients_nameword (word, keys)
    SELECT w, tonus_deletion_keys(w) FROM (
        SELECT DISTINCT w COLLATE "C" AS w
        FROM (SELECT DISTINCT given_key, family_key, preferred_name FROM written) AS named,
             unnest(string_to_array(given_key || ' ' || family_key || ' ' || tonus_fold(preferred_name), ' ')) AS w
        WHERE length(w) >= 3 AND w !~ '[0-9]'
    ) AS words
    WHERE NOT EXISTS (SELECT 1 FROM patients_nameword AS known WHERE known.word = words.w)
    ORDER BY w
    ON CONFLICT (word) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER learn_words_of_new_patients AFTER INSERT ON patients_patient
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION patients_learn_words();
CREATE TRIGGER learn_words_of_renamed_patients AFTER UPDATE ON patients_patient
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION patients_learn_words();
"""


# Asked for twenty people, the planner guesses that reading the table from its start finds them soonest; for rare parts
# of names that guess costs 30 ms against 2. Inside this function it has to use the trigram index.
PARTS = """
CREATE FUNCTION patients_with_parts(parts text[], at_most integer) RETURNS TABLE (id bigint, search_text text)
LANGUAGE plpgsql STABLE SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY EXECUTE (
        SELECT 'SELECT p.id, p.search_text FROM patients_patient AS p WHERE '
            || string_agg(format('p.search_text LIKE %L', part), ' AND ') || ' LIMIT ' || at_most
        FROM unnest(parts) AS part
    );
END $$;
"""


def guard(table: str, events: str, rule: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {rule} BEFORE {events} ON patients_{table} FOR EACH ROW EXECUTE FUNCTION patients_refuse('{rule}')",
        f"DROP TRIGGER {rule} ON patients_{table}",
    )


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION patients_refuse()"),
        *(guard(table, "UPDATE OR DELETE", f"{table}_is_append_only") for table in APPEND_ONLY),
        *(guard(table, "DELETE", f"{table}_is_never_deleted") for table in NEVER_DELETED),
        migrations.RunSQL(ALLERGIES, "DROP FUNCTION patients_allergy_status_agrees() CASCADE"),
        migrations.RunSQL(MERGES, "DROP FUNCTION patients_merge_ends_at_a_survivor() CASCADE"),
        migrations.RunSQL(
            WORDS, "DROP FUNCTION patients_learn_words() CASCADE; DROP FUNCTION tonus_deletion_keys(text)"
        ),
        migrations.RunSQL(PARTS, "DROP FUNCTION patients_with_parts(text[], integer)"),
    ]
