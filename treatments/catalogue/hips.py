"""Exercises for hips and legs, which lift so that the back need not."""

from treatments.catalogue.entry import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "bridge", "Hips and legs", "Shoulder bridge",
        "Strengthens the buttocks so that lifting comes from the hips and not from the back.",
        (
            "Lie on your back, knees bent, feet hip-width apart.",
            "Press through the heels and lift the hips.",
            "Stay for a breath and lower bone by bone.",
        ),
        "Lift only until thighs and trunk make a line.", "The back of the thigh cramps or the low back hurts.",
        (
            "Straighten one knee at the top.",
            "Lift with one leg, the other in the air.",
        ),
        "repetitions", 3, 10, 4,
    ),
    Entry(
        "clam", "Hips and legs", "Clam",
        "Strengthens the outer hip that keeps the pelvis level.",
        (
            "Lie on your side, knees bent, heels together.",
            "Open the upper knee without rolling back.",
            "Close slowly.",
        ),
        "The movement is small; the pelvis stays still.", "The hip clicks painfully.",
        (
            "A band around the thighs.",
            "Lift the feet off the floor as well.",
        ),
        "repetitions", 3, 12, 4,
    ),
    Entry(
        "hip-hinge", "Hips and legs", "Hip hinge with a stick",
        "Relearns bending from the hips, as in lifting.",
        (
            "Stand and hold a stick along head, upper back and tailbone.",
            "Push the hips back and lean forward; the stick keeps all three contacts.",
            "Come up by pressing the hips forward.",
        ),
        "Bend the knees a little.", "The low back hurts on the way up.",
        (
            "A light weight in both hands.",
            "A weight from the floor.",
        ),
        "repetitions", 3, 10, 4,
    ),
    Entry(
        "sit-to-stand", "Hips and legs", "Up from the chair",
        "Strengthens legs and buttocks in an everyday movement.",
        (
            "Sit at the front edge of a chair, feet under the knees.",
            "Lean forward from the hips and stand up without the hands.",
            "Sit down slowly.",
        ),
        "Use the hands as much as you need at first.", "You grow dizzy on standing up.",
        (
            "Arms crossed before the chest.",
            "Stand up mostly with one leg.",
        ),
        "repetitions", 3, 8, 5,
    ),
    Entry(
        "side-leg-lift", "Hips and legs", "Leg lift, on the side",
        "Strengthens the outer hip for standing and stairs.",
        (
            "Lie on your side, legs long, lower arm under the head.",
            "Lift the upper leg, heel first.",
            "Lower it slowly.",
        ),
        "The toes look ahead, not up.", "The hip hurts on the outside.",
        (
            "Hold the top for three seconds.",
        ),
        "repetitions", 3, 10, 4,
    ),
    Entry(
        "half-squat", "Hips and legs", "Half squat behind a chair",
        "Strengthens the thighs for lifting low things.",
        (
            "Stand behind a chair, fingertips on its back.",
            "Push the hips back and bend the knees halfway.",
            "Stand up and stretch the hips.",
        ),
        "Knees and toes point the same way.", "A knee hurts in front.",
        (
            "Without the hands.",
            "With a weight before the chest.",
        ),
        "repetitions", 3, 10, 4,
    ),
    Entry(
        "wall-sit", "Hips and legs", "Sit at the wall",
        "Gives the thighs stamina without moving the back.",
        (
            "Lean with the back at a wall, feet a step away.",
            "Slide down until it is work.",
            "Hold, breathe, slide up.",
        ),
        "The knees stay over the ankles.", "A knee hurts or you hold your breath.",
        (
            "A little lower.",
        ),
        "seconds", 3, 20, 4,
    ),
    Entry(
        "step-up", "Hips and legs", "Step up",
        "Strengthens one leg at a time, as on stairs.",
        (
            "Put one foot wholly on a step.",
            "Rise over it without pushing off below.",
            "Come down slowly; change sides after the set.",
        ),
        "A rail within reach.", "A knee hurts or gives way.",
        (
            "A higher step.",
            "A weight in each hand.",
        ),
        "repetitions", 3, 8, 4,
    ),
    Entry(
        "one-leg-stand", "Hips and legs", "Stand on one leg",
        "Trains balance and the hip that carries you.",
        (
            "Stand beside something firm.",
            "Lift one foot and stay tall.",
            "Change sides.",
        ),
        "The pelvis stays level.", "You have to catch yourself each time: keep a hand on the support.",
        (
            "Turn the head slowly from side to side.",
            "Close the eyes with a hand near the support.",
        ),
        "seconds", 3, 20, 7,
    ),
    Entry(
        "calf-raise", "Hips and legs", "Heel raises",
        "Strengthens the calves that push off at every step.",
        (
            "Stand with the fingertips at a wall.",
            "Rise on the balls of the feet.",
            "Lower slowly.",
        ),
        "Straight up, not forward.", "The tendon at the heel hurts.",
        (
            "On one leg.",
        ),
        "repetitions", 3, 12, 4,
    ),
)  # fmt: skip
