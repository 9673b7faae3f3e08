"""Billing's doors."""

from django.urls import path

from billing.views import accounts, charges, desk, invoices, payments, prices, takings

app_name = "billing"
urlpatterns = [
    path("", desk.day, name="day"),
    path("invoices/", desk.invoice_list, name="invoices"),
    path("receipts/", desk.receipt_list, name="receipts"),
    path("open-items/", desk.open_items, name="open_items"),
    path("takings/", takings.takings, name="takings"),
    path("journal/", takings.journal_file, name="journal"),
    path("takings/<uuid:uid>/count/", takings.count, name="count_till"),
    path("prices/", prices.price_list, name="prices"),
    path("prices/<uuid:uid>/", prices.set_price, name="set_price"),
    path("patients/<uuid:uid>/", accounts.patient_panel, name="patient_panel"),
    path("patients/<uuid:uid>/issue/", accounts.issue_open, name="issue_open"),
    path("patients/<uuid:uid>/invoice/", accounts.new_invoice, name="new_invoice"),
    path("patients/<uuid:uid>/charge/", charges.add, name="add_charge"),
    path("patients/<uuid:uid>/pay/", payments.take, name="take_payment"),
    path("patients/<uuid:uid>/use-credit/", accounts.use_credit, name="use_credit"),
    path("charges/<uuid:uid>/", charges.correct, name="charge"),
    path("charges/<uuid:uid>/void/", charges.void, name="void_charge"),
    path("invoices/<uuid:uid>/", invoices.invoice, name="invoice"),
    path("invoices/<uuid:uid>/pdf/", invoices.pdf, name="invoice_pdf"),
    path("invoices/<uuid:uid>/issue/", invoices.issue, name="issue"),
    path("invoices/<uuid:uid>/discard/", invoices.discard, name="discard"),
    path("invoices/<uuid:uid>/credit/", invoices.credit, name="credit"),
    path("invoices/<uuid:uid>/write-off/", invoices.write_off, name="write_off"),
    path("receipts/<uuid:uid>/", payments.receipt, name="receipt"),
    path("receipts/<uuid:uid>/pdf/", payments.receipt_pdf, name="receipt_pdf"),
    path("receipts/<uuid:uid>/void/", payments.void, name="void_payment"),
    path("receipts/<uuid:uid>/refund/", payments.refund, name="refund"),
]
