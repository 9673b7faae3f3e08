"""The door for gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
application = get_wsgi_application()
# What was loaded stays: the collector need not walk it again and again, and forked workers keep sharing its memory.
gc.collect()
gc.freeze()
