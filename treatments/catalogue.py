"""The exercises Tonus comes with, in its own words. A clinic retires what it does not use; names stay for good."""

from __future__ import annotations

from typing import Any, NamedTuple


class Entry(NamedTuple):
    slug: str
    group: str
    name: str
    purpose: str
    steps: tuple[str, ...]
    take_care: str
    unit: str
    sets: int
    amount: int
    times_a_week: int


EXERCISES: tuple[Entry, ...] = (
    Entry(
        "pelvic-tilt", "Ease and move", "Pelvic tilt",
        "Brings gentle movement back into a stiff or guarded low back.",
        (
            "Lie on your back, knees bent, feet flat.",
            "Tip the pelvis so that the low back comes to rest on the floor.",
            "Hold for one breath, then let go slowly.",
        ),
        "Move only as far as it stays comfortable.", "repetitions", 2, 10, 7,
    ),
    Entry(
        "knee-to-chest", "Ease and move", "Single knee to chest",
        "Lengthens the muscles of the low back after a spasm has settled.",
        (
            "Lie on your back, both knees bent.",
            "Draw one knee towards the chest with both hands behind the thigh.",
            "Breathe out, stay, then lower the leg and change sides.",
        ),
        "Leave it out if pain runs down the leg.", "seconds", 3, 20, 7,
    ),
    Entry(
        "knee-rocks", "Ease and move", "Knee rocks",
        "Turns the spine a little at a time and calms guarding.",
        (
            "Lie on your back, knees and feet together.",
            "Let both knees sink to one side as far as is easy.",
            "Come back to the middle and let them sink to the other side.",
        ),
        "Keep both shoulders on the floor.", "repetitions", 2, 12, 7,
    ),
    Entry(
        "cat-and-cow", "Ease and move", "Cat and cow",
        "Moves every part of the spine through bending and arching.",
        (
            "Kneel on hands and knees, hands under the shoulders.",
            "Breathe out and round the back towards the ceiling.",
            "Breathe in and let it sink slowly the other way.",
        ),
        "Follow the breath; do not force the end of the movement.", "repetitions", 2, 8, 7,
    ),
    Entry(
        "child-rest", "Ease and move", "Resting child",
        "Gives the long back muscles a quiet stretch.",
        (
            "Kneel and sit back towards the heels.",
            "Lean forward and let the arms slide out in front.",
            "Breathe into the back and stay.",
        ),
        "Put a cushion between thighs and calves if the knees complain.", "breaths", 2, 6, 5,
    ),
    Entry(
        "press-up-lying", "Ease and move", "Half press-up, lying",
        "Brings back arching after long sitting or bending.",
        (
            "Lie on your front, hands beside the shoulders.",
            "Press the chest up while hips and legs stay heavy.",
            "Lower again and rest for a breath.",
        ),
        "Stop if pain moves further down a leg.", "repetitions", 2, 10, 5,
    ),
    Entry(
        "walking", "Ease and move", "Walk at an easy pace",
        "Keeps the back supplied and stops it from stiffening; the best medicine for most backs.",
        (
            "Wear shoes you forget about and choose level ground.",
            "Let the arms swing and look ahead.",
            "Turn back before you are tired.",
        ),
        "Several short walks do as much as a long one.", "minutes", 1, 15, 7,
    ),
    Entry(
        "belly-breathing", "Core", "Breathing into the belly",
        "Wakes the diaphragm and the deep belly muscles that steady the spine.",
        (
            "Lie on your back, knees bent, one hand on the belly.",
            "Breathe in through the nose so that the hand rises.",
            "Breathe out slowly and feel the waist draw in by itself.",
        ),
        "Shoulders and jaw stay soft.", "breaths", 2, 10, 7,
    ),
    Entry(
        "abdominal-brace", "Core", "Gentle brace",
        "Teaches the trunk to stiffen lightly before a load.",
        (
            "Lie or stand and breathe quietly.",
            "Tighten the waist as if someone were about to touch it, about a third of your strength.",
            "Hold while you go on breathing, then let go.",
        ),
        "If you hold your breath it is too much.", "seconds", 5, 10, 7,
    ),
    Entry(
        "heel-slide", "Core", "Heel slides",
        "Moves the legs while the low back stays still.",
        (
            "Lie on your back, knees bent, light brace.",
            "Slide one heel away until the leg is long.",
            "Draw it back without letting the back arch; change sides.",
        ),
        "Make the way shorter if the back arches.", "repetitions", 2, 10, 5,
    ),
    Entry(
        "dead-bug", "Core", "Arms and legs apart, lying",
        "Steadies the trunk against moving arms and legs.",
        (
            "Lie on your back, hips and knees at right angles, arms up.",
            "Lower one arm and the opposite leg towards the floor.",
            "Come back with control and change sides.",
        ),
        "The low back keeps its contact with the floor.", "repetitions", 3, 8, 4,
    ),
    Entry(
        "bird-dog", "Core", "Opposite arm and leg, kneeling",
        "Trains the long back muscles and the buttocks without load on the spine.",
        (
            "Kneel on hands and knees, back level.",
            "Stretch one leg back and the opposite arm forward.",
            "Hold, sweep back under the body, change sides.",
        ),
        "The pelvis does not tip; a cup on the back would stay.", "seconds", 5, 8, 4,
    ),
    Entry(
        "side-bridge", "Core", "Side bridge from the knees",
        "Strengthens the side of the trunk, which carries much of a one-sided load.",
        (
            "Lie on your side on the forearm, knees bent.",
            "Lift the hips until body and thighs make a line.",
            "Hold, lower slowly, change sides.",
        ),
        "Leave it out while the shoulder hurts.", "seconds", 3, 15, 4,
    ),
    Entry(
        "plank", "Core", "Forearm plank",
        "Teaches the whole trunk to hold together.",
        (
            "Lie on your front on the forearms.",
            "Lift the body into one line, on knees or toes.",
            "Hold while you breathe, then rest.",
        ),
        "Stop before the low back sags.", "seconds", 3, 20, 4,
    ),
    Entry(
        "bridge", "Hips and legs", "Shoulder bridge",
        "Strengthens the buttocks so that lifting comes from the hips and not from the back.",
        (
            "Lie on your back, knees bent, feet hip-width apart.",
            "Press through the heels and lift the hips.",
            "Stay for a breath and lower bone by bone.",
        ),
        "Lift only until thighs and trunk make a line.", "repetitions", 3, 10, 4,
    ),
    Entry(
        "clam", "Hips and legs", "Clam",
        "Strengthens the outer hip that keeps the pelvis level.",
        (
            "Lie on your side, knees bent, heels together.",
            "Open the upper knee without rolling back.",
            "Close slowly.",
        ),
        "The movement is small; the pelvis stays still.", "repetitions", 3, 12, 4,
    ),
    Entry(
        "hip-hinge", "Hips and legs", "Hip hinge with a stick",
        "Relearns bending from the hips, as in lifting.",
        (
            "Stand and hold a stick along head, upper back and tailbone.",
            "Push the hips back and lean forward; the stick keeps all three contacts.",
            "Come up by pressing the hips forward.",
        ),
        "Bend the knees a little.", "repetitions", 3, 10, 4,
    ),
    Entry(
        "sit-to-stand", "Hips and legs", "Up from the chair",
        "Strengthens legs and buttocks in an everyday movement.",
        (
            "Sit at the front edge of a chair, feet under the knees.",
            "Lean forward from the hips and stand up without the hands.",
            "Sit down slowly.",
        ),
        "Use the hands as much as you need at first.", "repetitions", 3, 8, 5,
    ),
    Entry(
        "hip-flexor-stretch", "Stretch", "Front of the hip",
        "Lengthens the muscles that pull the low back into an arch.",
        (
            "Kneel on one knee, the other foot in front.",
            "Tuck the tailbone under and move the hips forward a little.",
            "Feel the front of the hip, breathe and stay; change sides.",
        ),
        "Do not arch the back to get further.", "seconds", 2, 30, 5,
    ),
    Entry(
        "hamstring-stretch", "Stretch", "Back of the thigh with a towel",
        "Frees the pelvis for bending.",
        (
            "Lie on your back, a towel around one foot.",
            "Straighten the leg upwards until you feel the back of the thigh.",
            "Breathe and stay; change sides.",
        ),
        "Tingling means too far.", "seconds", 2, 30, 5,
    ),
    Entry(
        "buttock-stretch", "Stretch", "Deep buttock stretch",
        "Lengthens the deep muscles beside the sciatic nerve.",
        (
            "Lie on your back and lay one ankle over the other knee.",
            "Draw the lower thigh towards you.",
            "Breathe and stay; change sides.",
        ),
        "Leave it out after a hip replacement unless the surgeon agreed.", "seconds", 2, 30, 5,
    ),
    Entry(
        "upper-back-turn", "Stretch", "Open book",
        "Turns the upper back and opens the chest.",
        (
            "Lie on your side, knees bent, arms stretched out in front.",
            "Lift the upper arm and let it open to the other side, eyes following.",
            "Breathe out, come back; change sides after the set.",
        ),
        "The knees stay together on the floor.", "repetitions", 2, 8, 5,
    ),
    Entry(
        "shoulder-blade-squeeze", "Posture", "Shoulder blades back and down",
        "Wakes the muscles between the shoulder blades after desk work.",
        (
            "Sit or stand tall, arms loose.",
            "Draw the shoulder blades back and down, as into back pockets.",
            "Hold for a breath and let go.",
        ),
        "The ribs do not lift.", "repetitions", 2, 12, 7,
    ),
    Entry(
        "chin-tuck", "Posture", "Long neck",
        "Takes load off the neck and the base of the skull.",
        (
            "Sit tall and look ahead.",
            "Slide the chin straight back and grow at the crown.",
            "Hold for a breath and let go.",
        ),
        "The gaze stays level.", "repetitions", 2, 10, 7,
    ),
)  # fmt: skip


def load(exercise_model: Any) -> int:
    """Bring the catalogue's own entries to these words; what a clinic added or retired stays. Returns how many.

    The model may be that of an earlier release: what it does not know yet is left for a later migration.
    """
    known = {field.name for field in exercise_model._meta.get_fields()}
    for entry in EXERCISES:
        facts = {name: value for name, value in _facts(entry).items() if name in known}
        exercise_model.objects.update_or_create(slug=entry.slug, defaults=facts)
    return len(EXERCISES)


def _facts(entry: Entry) -> dict[str, Any]:
    return {
        "group": entry.group,
        "name": entry.name,
        "purpose": entry.purpose,
        "steps": list(entry.steps),
        "take_care": entry.take_care,
        "unit": entry.unit,
        "usual_sets": entry.sets,
        "usual_amount": entry.amount,
        "usual_times_a_week": entry.times_a_week,
    }
