"""Doors to the patients' verbs. One file a page."""
