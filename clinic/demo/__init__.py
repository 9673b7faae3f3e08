"""The fictional clinic that a newcomer meets: made by the same verbs as a real one, the same every time."""
