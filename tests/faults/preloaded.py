"""What the fork server has loaded before the first sender is forked; it opens no connection."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

import django

django.setup()

import clinic.messaging  # noqa: E402
import clinic.urls  # noqa: E402, F401 -- links are made from its routes
