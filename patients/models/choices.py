"""What the fields of a patient's record may say; the database knows the same lists."""

from django.db.models import TextChoices


class Sex(TextChoices):
    FEMALE = "female", "Female"
    MALE = "male", "Male"
    OTHER = "other", "Another"
    UNKNOWN = "unknown", "Not said"


class Channel(TextChoices):
    """How a patient wants to hear from the clinic."""

    EMAIL = "email", "E-mail"
    SMS = "sms", "Text message"
    NONE = "none", "No messages"


class AllergyStatus(TextChoices):
    """Three answers, because not having asked is not the same as none."""

    NOT_ASKED = "not_asked", "Not asked yet"
    NONE_KNOWN = "none_known", "None known"
    LISTED = "listed", "Listed"


class Precision(TextChoices):
    """How much of a day is known."""

    DAY = "day", "To the day"
    MONTH = "month", "To the month"
    YEAR = "year", "To the year"
    UNKNOWN = "unknown", "Not known"


class Cause(TextChoices):
    """How an injury came about. Unknown is an answer: it makes hands-on work wait for an examination."""

    LIFTING = "lifting", "Lifting or carrying"
    FALL = "fall", "A fall"
    TWIST = "twist", "A twist or sudden move"
    OVERUSE = "overuse", "Overuse or repeated work"
    POSTURE = "posture", "Long sitting or standing"
    SPORT = "sport", "Sport"
    COLLISION = "collision", "A traffic or other collision"
    SURGERY = "surgery", "After surgery"
    ILLNESS = "illness", "With an illness"
    OTHER = "other", "Something else"
    UNKNOWN = "unknown", "Not known"


class AllergyKind(TextChoices):
    UNKNOWN = "unknown", "Not known"
    DRUG = "drug", "Drug"
    CONTACT = "contact", "Oil, lotion, latex or tape"
    FOOD = "food", "Food"
    OTHER = "other", "Other"


class Severity(TextChoices):
    MILD = "mild", "Mild"
    MODERATE = "moderate", "Moderate"
    SEVERE = "severe", "Severe"
    UNKNOWN = "unknown", "Not known"


class DrugClass(TextChoices):
    """Classes of drugs that matter to hands-on work."""

    MUSCLE_RELAXANT = "muscle_relaxant", "Muscle relaxant"
    ALPHA2 = "alpha2_relaxant", "Muscle relaxant that lowers blood pressure"
    NSAID = "nsaid", "Anti-inflammatory (NSAID)"
    OPIOID = "opioid", "Opioid"
    ANTICOAGULANT = "anticoagulant", "Anticoagulant"
    ANTIPLATELET = "antiplatelet", "Antiplatelet"
    STEROID = "steroid", "Corticosteroid"
    SEDATIVE = "sedative", "Sedative or sleeping tablet"
    NEUROPATHIC = "neuropathic", "Nerve-pain drug"
    ANTIHYPERTENSIVE = "antihypertensive", "Blood-pressure drug"
    PARACETAMOL = "paracetamol", "Acetaminophen (paracetamol)"
    OTHER = "other", "Other"


class IdentifierKind(TextChoices):
    RECORD = "record", "Record number elsewhere"
    DRIVING = "driving", "Driving licence"
    PASSPORT = "passport", "Passport"
    NATIONAL = "national", "National identity number"
    EMPLOYEE = "employee", "Employee number"
    OTHER = "other", "Other"


class Relationship(TextChoices):
    """What the insured person is to the patient."""

    SELF = "self", "The patient"
    SPOUSE = "spouse", "Spouse or partner"
    PARENT = "parent", "Parent"
    OTHER = "other", "Someone else"


class DocumentKind(TextChoices):
    REFERRAL = "referral", "Referral"
    REPORT = "report", "Report or letter"
    IMAGING = "imaging", "Imaging"
    CONSENT = "consent", "Signed consent"
    INSURANCE = "insurance", "Insurance card"
    IDENTITY = "identity", "Proof of identity"
    PHOTO = "photo", "Photograph"
    OTHER = "other", "Other"


class ConsentSource(TextChoices):
    """Where a patient said yes or no to messages."""

    DESK = "desk", "At the front desk"
    TELEPHONE = "telephone", "By telephone"
    PAPER = "paper", "On a signed form"
    PORTAL = "portal", "On the patient's own page"
    REPLY = "reply", "By reply to a message"


class Joining(TextChoices):
    """Why a practitioner belongs to a patient's care team."""

    PLAN = "plan", "Wrote the plan"
    VISIT = "visit", "Has a visit"
    NOTE = "note", "Wrote a note"
    ASSIGNED = "assigned", "Was assigned"
