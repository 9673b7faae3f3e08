"""Exercises that lengthen."""

from treatments.catalogue.entry import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "hip-flexor-stretch", "Stretch", "Front of the hip",
        "Lengthens the muscles that pull the low back into an arch.",
        (
            "Kneel on one knee, the other foot in front.",
            "Tuck the tailbone under and move the hips forward a little.",
            "Feel the front of the hip, breathe and stay; change sides.",
        ),
        "Do not arch the back to get further.", "The knee you kneel on hurts in spite of a cushion.",
        (
            "Stretch the arm of that side over the head.",
        ),
        "seconds", 2, 30, 5,
    ),
    Entry(
        "hamstring-stretch", "Stretch", "Back of the thigh with a towel",
        "Frees the pelvis for bending.",
        (
            "Lie on your back, a towel around one foot.",
            "Straighten the leg upwards until you feel the back of the thigh.",
            "Breathe and stay; change sides.",
        ),
        "Tingling means too far.", "The foot tingles or grows numb.",
        (
            "Straighten the other leg on the floor.",
        ),
        "seconds", 2, 30, 5,
    ),
    Entry(
        "buttock-stretch", "Stretch", "Deep buttock stretch",
        "Lengthens the deep muscles beside the sciatic nerve.",
        (
            "Lie on your back and lay one ankle over the other knee.",
            "Draw the lower thigh towards you.",
            "Breathe and stay; change sides.",
        ),
        "Leave it out after a hip replacement unless the surgeon agreed.", "The groin pinches.",
        (
            "Press the knee away gently for a breath, then draw again.",
        ),
        "seconds", 2, 30, 5,
    ),
    Entry(
        "upper-back-turn", "Stretch", "Open book",
        "Turns the upper back and opens the chest.",
        (
            "Lie on your side, knees bent, arms stretched out in front.",
            "Lift the upper arm and let it open to the other side, eyes following.",
            "Breathe out, come back; change sides after the set.",
        ),
        "The knees stay together on the floor.", "The shoulder pinches.",
        (
            "Draw a wide circle with the hand over the head.",
        ),
        "repetitions", 2, 8, 5,
    ),
    Entry(
        "side-bend", "Stretch", "Bend to the side",
        "Lengthens the flank beside the low back.",
        (
            "Stand with feet hip-width apart.",
            "Reach one arm over the head and lean to the other side.",
            "Breathe into the long side; change.",
        ),
        "Neither forward nor back.", "The short side pinches.",
        (
            "Cross the outer foot behind.",
        ),
        "breaths", 2, 4, 5,
    ),
    Entry(
        "calf-stretch", "Stretch", "Calf at the wall",
        "Frees the ankle, so that the back bends less in a squat.",
        (
            "Stand at a wall in a stride, hands on it.",
            "Keep the rear heel down and move the hips forward.",
            "Breathe and stay; change sides.",
        ),
        "The rear foot points ahead.", "Pain in the tendon at the heel.",
        (
            "Bend the rear knee a little.",
        ),
        "seconds", 2, 30, 5,
    ),
    Entry(
        "chest-stretch", "Stretch", "Chest at the door frame",
        "Opens the front of the shoulders after desk work.",
        (
            "Lay a forearm on a door frame at the height of the shoulder.",
            "Step through until you feel the front of the chest.",
            "Breathe and stay; change sides.",
        ),
        "The shoulder stays low.", "The arm tingles.",
        (
            "The elbow a little higher.",
        ),
        "seconds", 2, 30, 5,
    ),
)  # fmt: skip
