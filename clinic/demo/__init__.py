"""The fictional clinic that a newcomer meets."""
