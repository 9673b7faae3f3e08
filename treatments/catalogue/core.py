"""Exercises for the core: the trunk that holds still while the rest moves."""

from treatments.catalogue.entry import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "belly-breathing", "Core", "Breathing into the belly",
        "Wakes the diaphragm and the deep belly muscles that steady the spine.",
        (
            "Lie on your back, knees bent, one hand on the belly.",
            "Breathe in through the nose so that the hand rises.",
            "Breathe out slowly and feel the waist draw in by itself.",
        ),
        "Shoulders and jaw stay soft.", "You grow dizzy: breathe as usual and rest.",
        (
            "Sit upright for it.",
            "Stand for it.",
        ),
        "breaths", 2, 10, 7,
    ),
    Entry(
        "abdominal-brace", "Core", "Gentle brace",
        "Teaches the trunk to stiffen lightly before a load.",
        (
            "Lie or stand and breathe quietly.",
            "Tighten the waist as if someone were about to touch it, about a third of your strength.",
            "Hold while you go on breathing, then let go.",
        ),
        "If you hold your breath it is too much.", "You cannot go on breathing.",
        (
            "Hold the brace while you lift one foot.",
            "Hold the brace while you stand up.",
        ),
        "seconds", 5, 10, 7,
    ),
    Entry(
        "heel-slide", "Core", "Heel slides",
        "Moves the legs while the low back stays still.",
        (
            "Lie on your back, knees bent, light brace.",
            "Slide one heel away until the leg is long.",
            "Draw it back without letting the back arch; change sides.",
        ),
        "Make the way shorter if the back arches.", "The low back hurts on the slide.",
        (
            "Hover the heel just above the floor.",
        ),
        "repetitions", 2, 10, 5,
    ),
    Entry(
        "dead-bug", "Core", "Arms and legs apart, lying",
        "Steadies the trunk against moving arms and legs.",
        (
            "Lie on your back, hips and knees at right angles, arms up.",
            "Lower one arm and the opposite leg towards the floor.",
            "Come back with control and change sides.",
        ),
        "The low back keeps its contact with the floor.", "The low back leaves the floor and hurts.",
        (
            "Lower only the legs, one at a time, further away.",
            "Hold a light weight in both hands.",
        ),
        "repetitions", 3, 8, 4,
    ),
    Entry(
        "bird-dog", "Core", "Opposite arm and leg, kneeling",
        "Trains the long back muscles and the buttocks without load on the spine.",
        (
            "Kneel on hands and knees, back level.",
            "Stretch one leg back and the opposite arm forward.",
            "Hold, sweep back under the body, change sides.",
        ),
        "The pelvis does not tip; a cup on the back would stay.", "Pain shoots into the leg or the back gives way.",
        (
            "Draw small squares with hand and foot.",
            "Bring elbow and knee together under the body between holds.",
        ),
        "seconds", 5, 8, 4,
    ),
    Entry(
        "side-bridge", "Core", "Side bridge from the knees",
        "Strengthens the side of the trunk, which carries much of a one-sided load.",
        (
            "Lie on your side on the forearm, knees bent.",
            "Lift the hips until body and thighs make a line.",
            "Hold, lower slowly, change sides.",
        ),
        "Leave it out while the shoulder hurts.", "The lower shoulder hurts.",
        (
            "Straighten the upper leg.",
            "Straighten both legs.",
        ),
        "seconds", 3, 15, 4,
    ),
    Entry(
        "plank", "Core", "Forearm plank",
        "Teaches the whole trunk to hold together.",
        (
            "Lie on your front on the forearms.",
            "Lift the body into one line, on knees or toes.",
            "Hold while you breathe, then rest.",
        ),
        "Stop before the low back sags.", "The low back sags or hurts.",
        (
            "From the toes instead of the knees.",
            "Lift one foot a little, then the other.",
        ),
        "seconds", 3, 20, 4,
    ),
    Entry(
        "march-lying", "Core", "March, lying",
        "Keeps the pelvis quiet while the legs take turns.",
        (
            "Lie on your back, knees bent, light brace.",
            "Lift one foot until hip and knee stand at right angles.",
            "Lower it and lift the other.",
        ),
        "The hands on the hip bones feel no tilt.", "The low back arches or hurts.",
        (
            "Lift the second foot before the first is down.",
        ),
        "repetitions", 2, 10, 5,
    ),
    Entry(
        "prone-lift", "Core", "Opposite arm and leg, lying",
        "Strengthens the long muscles along the spine.",
        (
            "Lie on your front, forehead on a folded towel, arms long.",
            "Lift one arm and the opposite leg a hand's breadth.",
            "Hold for a breath, lower, change sides.",
        ),
        "Grow long rather than high.", "The low back pinches.",
        (
            "Hold for three breaths.",
            "Lift both arms and both legs a little.",
        ),
        "repetitions", 2, 8, 4,
    ),
    Entry(
        "band-press", "Core", "Press against a turn",
        "Trains the trunk to resist being turned, as in carrying.",
        (
            "Stand side-on to a band that is fixed at chest height.",
            "Hold it with both hands before the chest and press straight forward.",
            "Hold for a breath and come back; then from the other side.",
        ),
        "The hips keep looking ahead.", "The back hurts on the side of the band.",
        (
            "Step further away from where it is fixed.",
            "Stand with the feet close together.",
        ),
        "repetitions", 3, 10, 3,
    ),
    Entry(
        "suitcase-carry", "Core", "Carry on one side",
        "Trains the flank that works when you carry shopping.",
        (
            "Take a weight in one hand.",
            "Walk upright as if both hands were empty.",
            "Change hands.",
        ),
        "The shoulders stay level.", "You lean or the back hurts.",
        (
            "A heavier weight.",
            "Walk heel to toe.",
        ),
        "seconds", 3, 30, 3,
    ),
)  # fmt: skip
