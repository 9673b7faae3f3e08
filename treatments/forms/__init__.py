"""What can be typed in this room, and the sentences when it cannot be."""
