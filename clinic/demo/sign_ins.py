"""Who can sign in to the demo. Imports nothing: it is also read by the start's print-out."""

PASSWORD = "demo clinic, not secret"  # noqa: S105 -- printed for everyone
SIGN_INS = (
    ("desk@tonus.example", "front desk: diary, patients, billing"),
    ("therapist@tonus.example", "massage therapist: today, charts"),
    ("physio@tonus.example", "physical therapist: today, charts"),
    ("owner@tonus.example", "owner: staff, prices, audit"),
)
