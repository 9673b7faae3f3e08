"""Exercises that ease and move."""

from treatments.catalogue.entry import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry(
        "pelvic-tilt", "Ease and move", "Pelvic tilt",
        "Brings gentle movement back into a stiff or guarded low back.",
        (
            "Lie on your back, knees bent, feet flat.",
            "Tip the pelvis so that the low back comes to rest on the floor.",
            "Hold for one breath, then let go slowly.",
        ),
        "Move only as far as it stays comfortable.", "Pain runs down a leg.",
        (
            "Tilt with both arms stretched up.",
            "Tilt while one heel slides away.",
        ),
        "repetitions", 2, 10, 7,
    ),
    Entry(
        "knee-to-chest", "Ease and move", "Single knee to chest",
        "Lengthens the muscles of the low back after a spasm has settled.",
        (
            "Lie on your back, both knees bent.",
            "Draw one knee towards the chest with both hands behind the thigh.",
            "Breathe out, stay, then lower the leg and change sides.",
        ),
        "Leave it out if pain runs down the leg.", "Tingling or pain runs down the leg.",
        (
            "Draw both knees to the chest, one after the other.",
        ),
        "seconds", 3, 20, 7,
    ),
    Entry(
        "knee-rocks", "Ease and move", "Knee rocks",
        "Turns the spine a little at a time and calms guarding.",
        (
            "Lie on your back, knees and feet together.",
            "Let both knees sink to one side as far as is easy.",
            "Come back to the middle and let them sink to the other side.",
        ),
        "Keep both shoulders on the floor.", "Pain catches on the way back to the middle.",
        (
            "Lift both feet so that hips and knees stand at right angles.",
        ),
        "repetitions", 2, 12, 7,
    ),
    Entry(
        "cat-and-cow", "Ease and move", "Cat and cow",
        "Moves every part of the spine through bending and arching.",
        (
            "Kneel on hands and knees, hands under the shoulders.",
            "Breathe out and round the back towards the ceiling.",
            "Breathe in and let it sink slowly the other way.",
        ),
        "Follow the breath; do not force the end of the movement.", "The wrists or knees hurt more with each round.",
        (
            "Draw circles with the back, five each way.",
        ),
        "repetitions", 2, 8, 7,
    ),
    Entry(
        "child-rest", "Ease and move", "Resting child",
        "Gives the long back muscles a quiet stretch.",
        (
            "Kneel and sit back towards the heels.",
            "Lean forward and let the arms slide out in front.",
            "Breathe into the back and stay.",
        ),
        "Put a cushion between thighs and calves if the knees complain.", "A knee or hip pinches.",
        (
            "Walk the hands to one side, then to the other.",
        ),
        "breaths", 2, 6, 5,
    ),
    Entry(
        "press-up-lying", "Ease and move", "Half press-up, lying",
        "Brings back arching after long sitting or bending.",
        (
            "Lie on your front, hands beside the shoulders.",
            "Press the chest up while hips and legs stay heavy.",
            "Lower again and rest for a breath.",
        ),
        "Stop if pain moves further down a leg.", "Pain moves further down a leg.",
        (
            "Straighten the elbows at the top.",
            "Hold the top for two breaths.",
        ),
        "repetitions", 2, 10, 5,
    ),
    Entry(
        "walking", "Ease and move", "Walk at an easy pace",
        "Keeps the back supplied and stops it from stiffening; the best medicine for most backs.",
        (
            "Wear shoes you forget about and choose level ground.",
            "Let the arms swing and look ahead.",
            "Turn back before you are tired.",
        ),
        "Several short walks do as much as a long one.",
        "Both legs grow heavy or numb and only sitting helps: tell us.",
        (
            "Walk half as long again.",
            "Put in a hill or a few quicker minutes.",
        ),
        "minutes", 1, 15, 7,
    ),
    Entry(
        "legs-on-chair", "Ease and move", "Legs on a chair",
        "Takes the load off the low back when nothing else helps.",
        (
            "Lie on your back in front of a chair.",
            "Lay the lower legs on the seat so that hips and knees rest at right angles.",
            "Let the back grow heavy and breathe.",
        ),
        "Get up over the side, not straight.", "Pain grows while you lie.",
        (
            "Add ten slow breaths into the belly.",
        ),
        "minutes", 1, 10, 7,
    ),
    Entry(
        "sitting-tilt", "Ease and move", "Sink and grow on the chair",
        "Moves the low back in the middle of a working day.",
        (
            "Sit at the front of a chair, feet flat.",
            "Let the low back sink into a round.",
            "Tip the pelvis forward and grow tall again.",
        ),
        "Head and shoulders follow little.", "Pain runs down a leg.",
        (
            "Draw a slow circle with the pelvis.",
        ),
        "repetitions", 2, 10, 7,
    ),
    Entry(
        "sitting-turn", "Ease and move", "Turn on the chair",
        "Keeps the trunk turning while hips and feet stay.",
        (
            "Sit tall, arms crossed before the chest.",
            "Turn to one side as far as is easy.",
            "Stay for a breath and turn to the other.",
        ),
        "Both buttocks stay heavy.", "A side catches sharply.",
        (
            "Hold a stick on the shoulders.",
        ),
        "repetitions", 2, 8, 7,
    ),
    Entry(
        "standing-arch", "Ease and move", "Lean back, standing",
        "Answers long sitting and bending.",
        (
            "Stand with feet hip-width apart, hands on the back of the hips.",
            "Lean back over the hands.",
            "Come up again at once.",
        ),
        "The knees stay straight but not locked.", "You grow dizzy or pain moves down a leg.",
        (
            "Look up as well.",
        ),
        "repetitions", 1, 8, 7,
    ),
    Entry(
        "nerve-slider", "Ease and move", "Leg slider, sitting",
        "Lets the nerve of the leg glide without stretching it.",
        (
            "Sit tall on a chair.",
            "Straighten one knee while you look up.",
            "Bend it again while you look down; stay in an even rhythm.",
        ),
        "Small and easy; it is no stretch.", "Tingling lasts after you stop.",
        (
            "Draw the toes up as the knee straightens.",
        ),
        "repetitions", 2, 10, 7,
    ),
)  # fmt: skip
