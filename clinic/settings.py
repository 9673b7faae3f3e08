"""All settings, from the environment. Every switch says what it is for.

`manage.py up` sets what a bare machine needs (embedded database, broker, inbox, a kept secret key);
a clinic with its own servers sets the same variables itself, see docs/operator.md.
"""

import os
import sys
from pathlib import Path

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from environs import Env

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()

#: Everything that Tonus writes outside the database lies below this folder.
DATA_DIR = Path(env.str("TONUS_DATA", str(BASE_DIR / "var"))).resolve()
#: What a running `up` tells other commands: where its database and broker are.
if (DATA_DIR / "environment").exists():
    env.read_env(DATA_DIR / "environment", recurse=False)

# -- What kind of run this is ------------------------------------------------------------------------

#: Stack traces in the browser. Never in a clinic; a check refuses it beside real hosts.
DEBUG = env.bool("TONUS_DEBUG", False)
#: The demo clinic: sign-ins are printed, a second factor is offered but not demanded.
DEMO = env.bool("TONUS_DEMO", True)
#: How many patients the demo begins with.
DEMO_PATIENTS = env.int("TONUS_DEMO_PATIENTS", 200)
TESTING = "pytest" in sys.modules

#: Documents of patients: outside the web root, served only by an authorising view.
DOCUMENTS_ROOT = DATA_DIR / "documents"

#: Signs sessions and seals secrets. `up` makes one and keeps it in DATA_DIR; elsewhere it must be given.
SECRET_KEY = env.str("TONUS_SECRET_KEY", "")
if not SECRET_KEY:
    kept = DATA_DIR / "secret-key"
    SECRET_KEY = kept.read_text().strip() if kept.exists() else "not-a-secret: only for commands that need none"
#: Old keys, newest first: what they sealed can still be read.
SECRET_KEY_FALLBACKS: list[str] = env.list("TONUS_OLD_SECRET_KEYS", [])
#: Shown once by `up`; whoever opens the first-start page must type it. Empty: no first start by browser.
SETUP_CODE = env.str("TONUS_SETUP_CODE", "")

ALLOWED_HOSTS = env.list("TONUS_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("TONUS_ORIGINS", [])
#: The address patients reach Tonus at; links in messages start with it.
PUBLIC_URL = env.str("TONUS_PUBLIC_URL", f"http://127.0.0.1:{env.int('PORT', 8000)}").rstrip("/")
#: Served over TLS: secure cookies, HSTS, redirects. On whenever PUBLIC_URL says https.
HTTPS = PUBLIC_URL.startswith("https://")

# -- The house ---------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "clinic.apps.ClinicConfig",
    "patients.apps.PatientsConfig",
    "treatments.apps.TreatmentsConfig",
    "scheduling.apps.SchedulingConfig",
    "billing.apps.BillingConfig",
    "portal.apps.PortalConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "pgtrigger",
    "pghistory",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "clinic.middleware.Edge",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "clinic.signed_in.ReadWithTheSession",
    "clinic.sessions.IdleLogOff",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "clinic.sessions.SecondFactorRequired",
    "clinic.setup.FirstStart",
    "clinic.middleware.WhoChangedWhat",
]

ROOT_URLCONF = "clinic.urls"
WSGI_APPLICATION = "clinic.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "clinic.pages.frame",
            ],
            "builtins": ["clinic.templatetags.tonus", "template_partials.templatetags.partials"],
        },
    }
]
#: Plain fields are drawn by hand (clinic.widgets).
FORM_RENDERER = "clinic.widgets.Renderer"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# -- Database ----------------------------------------------------------------------------------------

#: The application's own role: it owns no table.
DATABASE_URL = env.str("DATABASE_URL", "postgres://tonus_app@127.0.0.1:5432/tonus")
#: The role that owns the tables and migrates; empty: one role does both, and a check warns.
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", "")
DATABASES = {
    "default": dj_database_url.parse(DATABASE_URL, engine="clinic.database", conn_max_age=600, conn_health_checks=True)
}

#: Sign-in limits must be shared by all processes and work without Redis: so they live in the database.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "shared_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# -- Background work ---------------------------------------------------------------------------------

#: A doorbell only: everything that must happen is a row in the database.
REDIS_URL = env.str("REDIS_URL", "redis://127.0.0.1:6379/0")

# -- Mail --------------------------------------------------------------------------------------------

EMAIL_BACKEND = env.str("TONUS_EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_HOST = env.str("SMTP_HOST", "127.0.0.1")
EMAIL_PORT = env.int("SMTP_PORT", 1025)
EMAIL_HOST_USER = env.str("SMTP_USER", "")
EMAIL_HOST_PASSWORD = env.str("SMTP_PASSWORD", "")
EMAIL_USE_TLS = env.bool("SMTP_STARTTLS", False)
EMAIL_USE_SSL = env.bool("SMTP_TLS", False)
EMAIL_TIMEOUT = 20
#: How many messages a second the provider of each channel takes; 0: as fast as they come.
MESSAGES_A_SECOND = {"email": env.float("SMTP_A_SECOND", 0), "sms": env.float("SMS_A_SECOND", 0)}
DEFAULT_FROM_EMAIL = env.str("TONUS_FROM", "clinic@tonus.example")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
#: What a provider's django-anymail backend needs: ANYMAIL_POSTMARK_SERVER_TOKEN in the environment, and so on.
#: ANYMAIL_WEBHOOK_SECRET (name:password) is asked of a provider that does not sign what it tells us.
ANYMAIL = {name.removeprefix("ANYMAIL_"): value for name, value in os.environ.items() if name.startswith("ANYMAIL_")}
#: Where text messages are handed over: twilio://ACCOUNT:TOKEN@api.twilio.com/+12075550100, or any address that Apprise
#: knows, with {to} where the patient's number goes. Empty: this clinic sends none. See docs/operator.md.
SMS_URL = env.str("SMS_URL", "")
#: The page that shows what the local inbox of `make run` caught; the folder it reads. Never in a clinic.
INBOX_DIR = env.str("TONUS_INBOX", "")
#: Whether SMS_URL leads to that inbox, where one can answer as the patient.
INBOX_PHONES = bool(env.str("INBOX_HOOK", ""))

# -- Sign-in -----------------------------------------------------------------------------------------

AUTH_USER_MODEL = "clinic.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "clinic.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {"login": "clinic.accounts.SignInForm"}
#: Resets answer alike for known and unknown addresses, and write to the known ones alone.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
#: The address of record is User.email; the library's own table of addresses stays empty.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 -- a class
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "20/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
    "setup_code": "10/10m/ip",
}
ACCOUNT_TRUSTED_PROXY_COUNT = env.int("TONUS_PROXIES", 0)
ALLAUTH_TRUSTED_PROXY_COUNT = ACCOUNT_TRUSTED_PROXY_COUNT
MFA_ADAPTER = "clinic.accounts.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_RECOVERY_CODES_SHOW_ONCE = True
#: One step of 30 seconds either way: phones' clocks differ.
MFA_TOTP_TOLERANCE = 1
#: Accounts are made by the owner; the first mail that reaches their holder is the invitation.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
USERSESSIONS_TRACK_ACTIVITY = False
#: Every member of staff must have a second factor. The demo only offers it.
REQUIRE_MFA = env.bool("TONUS_REQUIRE_MFA", not DEMO)

SESSION_ENGINE = "clinic.signed_in"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
#: Seconds without a sign of life until a session ends: at one's own desk, and at a shared one.
IDLE_SECONDS = env.int("TONUS_IDLE_SECONDS", 15 * 60)
IDLE_SECONDS_SHARED_DESK = env.int("TONUS_IDLE_SECONDS_SHARED_DESK", 5 * 60)
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrftoken"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "clinic.sessions.csrf_failure"

# -- Transport and browser ---------------------------------------------------------------------------

SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.int("TONUS_PROXIES", 0) else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

# -- Static files: ours and what npm's lock file names; no CDN ---------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
NODE_MODULES = BASE_DIR / "node_modules"
STATICFILES_DIRS = [
    BASE_DIR / "static",
    *(
        (f"vendor/{name}", NODE_MODULES / source)
        for name, source in (
            ("bootstrap", "bootstrap/dist"),
            ("icons", "bootstrap-icons/font"),
            ("chart", "chart.js/dist"),
        )
        if (NODE_MODULES / source).exists()
    ),
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or TESTING
#: How much a request may carry; documents are checked again by content and size.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# -- Language, time ----------------------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
USE_I18N = True
#: What patients' pages and messages can speak. Staff read English.
LANGUAGES = [("en", "English"), ("es", "Spanish"), ("de", "German"), ("fr", "French")]
LOCALE_PATHS = [BASE_DIR / "locale"]
#: Instants are UTC; each location has its own zone and pages show it.
TIME_ZONE = "UTC"
USE_TZ = True

# -- History: who changed what, by trigger -----------------------------------------------------------

PGHISTORY_APPEND_ONLY = True
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")

# -- Logs: no personal data; exceptions without the values that caused them --------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "discreet": {"()": "clinic.logs.Discreet"},
        "answered politely": {"()": "clinic.logs.AnsweredPolitely"},
    },
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["discreet"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Django's own handlers would print paths, and the tokens in them, unscrubbed.
        "django": {"handlers": [], "propagate": True},
        "django.request": {"filters": ["answered politely"]},
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.db.backends": {"level": "WARNING"},
        # It names the number of each patient.
        "apprise": {"handlers": [], "propagate": False},
        "requests_oauthlib": {"level": "WARNING"},
    },
}

#: W004: an e-mail is unique whatever its capitals, by a constraint on lower(email).
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
