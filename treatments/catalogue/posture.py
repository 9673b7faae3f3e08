"""Exercises for the upper back, shoulders and neck."""

from treatments.catalogue.entry import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "shoulder-blade-squeeze", "Posture", "Shoulder blades back and down",
        "Wakes the muscles between the shoulder blades after desk work.",
        (
            "Sit or stand tall, arms loose.",
            "Draw the shoulder blades back and down, as into back pockets.",
            "Hold for a breath and let go.",
        ),
        "The ribs do not lift.", "Pain runs into an arm.",
        (
            "A light band between the hands.",
        ),
        "repetitions", 2, 12, 7,
    ),
    Entry(
        "chin-tuck", "Posture", "Long neck",
        "Takes load off the neck and the base of the skull.",
        (
            "Sit tall and look ahead.",
            "Slide the chin straight back and grow at the crown.",
            "Hold for a breath and let go.",
        ),
        "The gaze stays level.", "You grow dizzy or an arm tingles.",
        (
            "Press the back of the head lightly into your hand.",
        ),
        "repetitions", 2, 10, 7,
    ),
    Entry(
        "wall-press", "Posture", "Press-up at the wall",
        "Strengthens arms and chest with a quiet trunk.",
        (
            "Stand a long step from a wall, hands on it.",
            "Bend the elbows; the body stays in one line.",
            "Press back.",
        ),
        "The shoulder blades glide, the head does not lead.", "A shoulder or wrist hurts.",
        (
            "At the edge of a table.",
            "From the floor, on the knees.",
        ),
        "repetitions", 3, 10, 4,
    ),
    Entry(
        "wall-slide", "Posture", "Arms along the wall",
        "Lets the upper back straighten and the shoulder blades turn.",
        (
            "Stand with the back at a wall, forearms against it.",
            "Slide them up as far as they keep touch.",
            "Slide down.",
        ),
        "The ribs stay down.", "A shoulder pinches.",
        (
            "Lift the hands off at the top for a breath.",
        ),
        "repetitions", 2, 10, 5,
    ),
    Entry(
        "band-row", "Posture", "Row with a band",
        "Strengthens the muscles between the shoulder blades.",
        (
            "Stand, a band in both hands, fixed in front of you.",
            "Draw the elbows back along your sides.",
            "Let it forward slowly.",
        ),
        "The shoulders stay low, the trunk still.", "Pain runs into an arm.",
        (
            "A stronger band.",
            "On one leg.",
        ),
        "repetitions", 3, 12, 3,
    ),
)  # fmt: skip
