"""What the database itself refuses, and the balances it keeps. Plain SQL: no switch turns it off. See ADR 0032."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

APPEND_ONLY = (
    "billing_payment",
    "billing_paymentvoid",
    "billing_allocation",
    "billing_writeoff",
    "billing_journalentry",
    "billing_posting",
    "billing_tillcount",
)

INVOICE = """
CREATE FUNCTION billing_guard_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE lines record;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE EXCEPTION 'Issued invoices are never removed.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'an_issued_invoice_is_never_changed';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.issued_at IS NOT NULL THEN
            RAISE EXCEPTION 'An invoice is issued from a draft.'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'an_invoice_is_issued_from_a_draft';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.issued_at IS NOT NULL THEN
        RAISE EXCEPTION 'An issued invoice is never changed; a credit note takes it back.'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'an_issued_invoice_is_never_changed';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.issued_at IS NOT NULL THEN
        SELECT count(*) AS n, sum(net) AS net, sum(tax) AS tax INTO lines
            FROM billing_invoiceline WHERE invoice_id = NEW.id;
        IF lines.n = 0 OR lines.net <> NEW.net OR lines.tax <> NEW.tax THEN
            RAISE EXCEPTION 'An invoice is the sum of its lines.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'an_invoice_is_the_sum_of_its_lines';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER a_guard_invoice BEFORE INSERT OR UPDATE OR DELETE ON billing_invoice
    FOR EACH ROW EXECUTE FUNCTION billing_guard_invoice();
CREATE TRIGGER a_guard_invoice_truncate BEFORE TRUNCATE ON billing_invoice
    FOR EACH STATEMENT EXECUTE FUNCTION billing_guard_invoice();

CREATE FUNCTION billing_guard_line() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE issued timestamptz;
BEGIN
    IF TG_OP <> 'TRUNCATE' THEN
        -- FOR SHARE waits for an issue that is under way, and then sees it.
        IF TG_OP <> 'INSERT' THEN
            SELECT issued_at INTO issued FROM billing_invoice WHERE id = OLD.invoice_id FOR SHARE;
        END IF;
        IF TG_OP <> 'DELETE' AND issued IS NULL THEN
            SELECT issued_at INTO issued FROM billing_invoice WHERE id = NEW.invoice_id FOR SHARE;
        END IF;
        IF issued IS NULL THEN
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'The lines of an issued invoice are never changed; a credit note takes them back.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'an_issued_invoice_is_never_changed';
END $$;
CREATE TRIGGER a_guard_line BEFORE INSERT OR UPDATE OR DELETE ON billing_invoiceline
    FOR EACH ROW EXECUTE FUNCTION billing_guard_line();
CREATE TRIGGER a_guard_line_truncate BEFORE TRUNCATE ON billing_invoiceline
    FOR EACH STATEMENT EXECUTE FUNCTION billing_guard_line();
"""

INVOICE_BACK = """
DROP TRIGGER a_guard_invoice ON billing_invoice;
DROP TRIGGER a_guard_invoice_truncate ON billing_invoice;
DROP TRIGGER a_guard_line ON billing_invoiceline;
DROP TRIGGER a_guard_line_truncate ON billing_invoiceline;
DROP FUNCTION billing_guard_invoice();
DROP FUNCTION billing_guard_line();
"""

APPEND = """
CREATE FUNCTION billing_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What was booked is never changed; a new entry corrects it.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'what_was_booked_is_never_changed';
END $$;
""" + "\n".join(
    f"""
CREATE TRIGGER a_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION billing_append_only();
CREATE TRIGGER a_append_only_truncate BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION billing_append_only();"""
    for table in APPEND_ONLY
)

APPEND_BACK = (
    "\n".join(
        f"DROP TRIGGER a_append_only ON {table}; DROP TRIGGER a_append_only_truncate ON {table};"
        for table in APPEND_ONLY
    )
    + "DROP FUNCTION billing_append_only();"
)

#: Each event in money moves the balances of its invoice and its payment; the checks on these refuse the rest.
BALANCES = """
CREATE FUNCTION billing_guard_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'TRUNCATE' AND TG_OP <> 'DELETE' AND pg_trigger_depth() > 1 THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A balance follows from what was booked.'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'a_balance_follows_what_was_booked';
END $$;
CREATE TRIGGER a_guard_balance BEFORE INSERT OR UPDATE OR DELETE ON billing_invoicebalance
    FOR EACH ROW EXECUTE FUNCTION billing_guard_balance();
CREATE TRIGGER a_guard_balance_truncate BEFORE TRUNCATE ON billing_invoicebalance
    FOR EACH STATEMENT EXECUTE FUNCTION billing_guard_balance();
CREATE TRIGGER a_guard_balance BEFORE INSERT OR UPDATE OR DELETE ON billing_paymentbalance
    FOR EACH ROW EXECUTE FUNCTION billing_guard_balance();
CREATE TRIGGER a_guard_balance_truncate BEFORE TRUNCATE ON billing_paymentbalance
    FOR EACH STATEMENT EXECUTE FUNCTION billing_guard_balance();

CREATE FUNCTION billing_move_invoice(which bigint, p numeric, c numeric, w numeric) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing_invoicebalance SET paid = paid + p, credited = credited + c, written_off = written_off + w
        WHERE invoice_id = which;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Only an issued invoice is paid, credited or written off.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'only_an_issued_invoice_is_settled';
    END IF;
END $$;
CREATE FUNCTION billing_move_payment(which bigint, a numeric, r numeric, v numeric) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing_paymentbalance SET allocated = allocated + a, refunded = refunded + r, voided = voided + v
        WHERE payment_id = which;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Only a payment is allocated, refunded or voided.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'only_a_payment_is_used';
    END IF;
END $$;

CREATE FUNCTION billing_after_issue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'invoice' THEN
        INSERT INTO billing_invoicebalance (invoice_id, total, paid, credited, written_off)
            VALUES (NEW.id, NEW.total, 0, 0, 0);
        RETURN NULL;
    END IF;
    PERFORM billing_move_invoice(NEW.corrects_id, 0, NEW.total, 0);
    -- The balance row is locked now, so no other credit note of this invoice is under way.
    IF EXISTS (
        SELECT 1 FROM billing_invoiceline taken
            JOIN billing_invoiceline line ON line.id = taken.credits_id
            JOIN billing_invoice note ON note.id = taken.invoice_id AND note.issued_at IS NOT NULL
            WHERE line.invoice_id = NEW.corrects_id
            GROUP BY line.id, line.net, line.tax
            HAVING sum(taken.net) > line.net OR sum(taken.tax) > line.tax
    ) OR EXISTS (
        SELECT 1 FROM billing_invoiceline taken
            LEFT JOIN billing_invoiceline line ON line.id = taken.credits_id AND line.invoice_id = NEW.corrects_id
            WHERE taken.invoice_id = NEW.id AND line.id IS NULL
    ) THEN
        RAISE EXCEPTION 'A line is credited once.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_line_is_credited_once';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER b_after_issue AFTER UPDATE ON billing_invoice
    FOR EACH ROW WHEN (OLD.issued_at IS NULL AND NEW.issued_at IS NOT NULL)
    EXECUTE FUNCTION billing_after_issue();

CREATE FUNCTION billing_after_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind = 'payment' THEN
        INSERT INTO billing_paymentbalance (payment_id, amount, allocated, refunded, voided)
            VALUES (NEW.id, NEW.amount, 0, 0, 0);
    ELSE
        PERFORM billing_move_payment(NEW.refund_of_id, 0, NEW.amount, 0);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER b_after_payment AFTER INSERT ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION billing_after_payment();

CREATE FUNCTION billing_after_void() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE voided record;
BEGIN
    SELECT kind, amount, refund_of_id INTO voided FROM billing_payment WHERE id = NEW.payment_id;
    IF voided.kind = 'payment' THEN
        PERFORM billing_move_payment(NEW.payment_id, 0, 0, voided.amount);
    ELSE
        PERFORM billing_move_payment(voided.refund_of_id, 0, -voided.amount, 0);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER b_after_void AFTER INSERT ON billing_paymentvoid
    FOR EACH ROW EXECUTE FUNCTION billing_after_void();

CREATE FUNCTION billing_after_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM billing_move_invoice(NEW.invoice_id, NEW.amount, 0, 0);
    PERFORM billing_move_payment(NEW.payment_id, NEW.amount, 0, 0);
    RETURN NULL;
END $$;
CREATE TRIGGER b_after_allocation AFTER INSERT ON billing_allocation
    FOR EACH ROW EXECUTE FUNCTION billing_after_allocation();

CREATE FUNCTION billing_after_write_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM billing_move_invoice(NEW.invoice_id, 0, 0, NEW.amount);
    RETURN NULL;
END $$;
CREATE TRIGGER b_after_write_off AFTER INSERT ON billing_writeoff
    FOR EACH ROW EXECUTE FUNCTION billing_after_write_off();
"""

BALANCES_BACK = """
DROP TRIGGER b_after_write_off ON billing_writeoff;
DROP TRIGGER b_after_allocation ON billing_allocation;
DROP TRIGGER b_after_void ON billing_paymentvoid;
DROP TRIGGER b_after_payment ON billing_payment;
DROP TRIGGER b_after_issue ON billing_invoice;
DROP TRIGGER a_guard_balance ON billing_invoicebalance;
DROP TRIGGER a_guard_balance_truncate ON billing_invoicebalance;
DROP TRIGGER a_guard_balance ON billing_paymentbalance;
DROP TRIGGER a_guard_balance_truncate ON billing_paymentbalance;
DROP FUNCTION billing_after_write_off();
DROP FUNCTION billing_after_allocation();
DROP FUNCTION billing_after_void();
DROP FUNCTION billing_after_payment();
DROP FUNCTION billing_after_issue();
DROP FUNCTION billing_move_payment(bigint, numeric, numeric, numeric);
DROP FUNCTION billing_move_invoice(bigint, numeric, numeric, numeric);
DROP FUNCTION billing_guard_balance();
"""

#: Asked at commit: an entry has two sides that cancel out, and the ledger says of an invoice what its balance says.
LEDGER = """
CREATE FUNCTION billing_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE which bigint; sides record;
BEGIN
    IF TG_TABLE_NAME = 'billing_posting' THEN which := NEW.entry_id; ELSE which := NEW.id; END IF;
    SELECT count(*) AS n, coalesce(sum(amount), 0) AS rest INTO sides FROM billing_posting WHERE entry_id = which;
    IF sides.n < 2 OR sides.rest <> 0 THEN
        RAISE EXCEPTION 'Debit and credit of an entry cancel out.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'debit_equals_credit';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER c_entry_balances AFTER INSERT ON billing_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_entry_balances();
CREATE CONSTRAINT TRIGGER c_entry_balances AFTER INSERT ON billing_journalentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_entry_balances();

CREATE FUNCTION billing_ledger_agrees() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE owed numeric; said numeric;
BEGIN
    IF NEW.invoice_id IS NULL THEN RETURN NULL; END IF;
    SELECT open INTO said FROM billing_invoicebalance WHERE invoice_id = NEW.invoice_id;
    SELECT coalesce(sum(amount), 0) INTO owed FROM billing_posting
        WHERE invoice_id = NEW.invoice_id AND account = 'receivable';
    IF said IS DISTINCT FROM owed THEN
        RAISE EXCEPTION 'The ledger and the invoice disagree on what is open: % and %.', owed, said
            USING ERRCODE = 'check_violation', CONSTRAINT = 'the_ledger_agrees_with_the_invoice';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER d_ledger_agrees AFTER INSERT OR UPDATE ON billing_invoicebalance
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION billing_ledger_agrees();
CREATE CONSTRAINT TRIGGER d_ledger_agrees AFTER INSERT ON billing_posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.account = 'receivable')
    EXECUTE FUNCTION billing_ledger_agrees();
"""

LEDGER_BACK = """
DROP TRIGGER c_entry_balances ON billing_posting;
DROP TRIGGER c_entry_balances ON billing_journalentry;
DROP TRIGGER d_ledger_agrees ON billing_invoicebalance;
DROP TRIGGER d_ledger_agrees ON billing_posting;
DROP FUNCTION billing_entry_balances();
DROP FUNCTION billing_ledger_agrees();
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("billing", "0001_initial")]

    operations: ClassVar = [
        migrations.RunSQL(INVOICE, INVOICE_BACK),
        migrations.RunSQL(APPEND, APPEND_BACK),
        migrations.RunSQL(BALANCES, BALANCES_BACK),
        migrations.RunSQL(LEDGER, LEDGER_BACK),
    ]
