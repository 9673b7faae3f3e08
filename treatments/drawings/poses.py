"""How each exercise looks. A drawing is named like the exercise it was made for; a clinic's own may borrow it."""

from __future__ import annotations

from treatments.drawings.kit import FLOOR, Arrow, Disc, Drawing, Figure, Limb, Line, Panel

#: Where a lying, kneeling or standing hip is.
LYING, ON_ALL_FOURS, STANDING, SITTING = FLOOR - 4.0, FLOOR - 32.0, FLOOR - 60.0, FLOOR - 33.0


def leg(thigh: float, shin: float, foot: float | None = None, *, far: bool = False) -> Limb:
    return Limb(thigh, shin, foot, far)


def arm(upper: float, fore: float, *, far: bool = False) -> Limb:
    return Limb(upper, fore, None, far)


def supine(*legs: Limb, arms: tuple[Limb, ...] = (arm(-6, 0),), x: float = 100, lift: float = 0, torso: float = 180,
           bend: float = 0) -> Figure:  # fmt: skip
    """On the back, head to the left."""
    return Figure((x, LYING - lift), torso, legs or (BENT,), arms, bend)


def standing(*legs: Limb, arms: tuple[Limb, ...] = (arm(-90, -88),), x: float = 95, torso: float = 90, bend: float = 0,
             head: float | None = None, y: float = STANDING) -> Figure:  # fmt: skip
    """Upright, looking to the right."""
    return Figure((x, y), torso, legs or (leg(-90, -90, 0),), arms, bend, head)


def on_all_fours(*legs: Limb, arms: tuple[Limb, ...] = (arm(-90, -90),), bend: float = 0, head: float = 178) -> Figure:
    """On hands and knees, head to the left."""
    return Figure((114, ON_ALL_FOURS), 170, legs or (leg(-90, 0),), arms, bend, head)


def sitting(*legs: Limb, arms: tuple[Limb, ...] = (arm(-75, -20),), torso: float = 90, bend: float = 0,
            head: float | None = None) -> Figure:  # fmt: skip
    """On a chair, looking to the right."""
    return Figure((85, SITTING), torso, legs or (leg(0, -90, 0),), arms, bend, head)


BENT = leg(52, -62, 0)
CHAIR = (
    Line(((66, FLOOR + 2), (66, FLOOR - 62)), 3),
    Line(((66, FLOOR - 28), (102, FLOOR - 28)), 3),
    Line(((102, FLOOR - 28), (102, FLOOR + 2)), 3),
)


def wall(x: float) -> Line:
    return Line(((x, FLOOR + 2), (x, -40)), 3)


def shown(seen: str, *panels: Panel) -> Drawing:
    return Drawing(seen, panels)


def panel(figure: Figure, *things: Line | Disc, arrows: tuple[Arrow, ...] = ()) -> Panel:
    return Panel((figure,), things, arrows)


_PRONE_LEGS = (leg(0, -3, -20),)

DRAWINGS: dict[str, Drawing] = {
    "pelvic-tilt": shown(
        "Lying on the back, knees bent: a small hollow under the low back, then the low back flat on the floor.",
        panel(supine(bend=-5)),
        panel(supine(bend=0), arrows=(Arrow((112, 96), (92, 84), 8),)),
    ),
    "knee-to-chest": shown(
        "Lying on the back: both knees bent, then one knee drawn to the chest with both hands.",
        panel(supine(BENT)),
        panel(supine(leg(118, -20, 40), leg(52, -62, 0, far=True), arms=(arm(62, 10),)),
              arrows=(Arrow((128, 66), (100, 58), 6),)),
    ),
    "knee-rocks": shown(
        "Lying on the back, knees together: they sink to one side and come back to the middle.",
        panel(supine(BENT)),
        panel(supine(leg(22, -26, 0), leg(52, -62, 0, far=True), arms=(arm(150, 170),)),
              arrows=(Arrow((118, 68), (136, 92), 6), Arrow((150, 100), (138, 74), 6))),
    ),
    "cat-and-cow": shown(
        "On hands and knees: the back rounds towards the ceiling, then sinks the other way.",
        panel(on_all_fours(bend=-9, head=222), arrows=(Arrow((100, 66), (100, 44)),)),
        panel(on_all_fours(bend=7, head=140), arrows=(Arrow((100, 50), (100, 72)),)),
    ),
    "child-rest": shown(
        "Sitting back on the heels, the trunk bent forward over the thighs, the arms stretched out on the floor.",
        panel(on_all_fours()),
        panel(Figure((140, FLOOR - 18), 187, (leg(196, 2),), (arm(188, 180),), -4, 192),
              arrows=(Arrow((120, 74), (146, 78), 4),)),
    ),
    "press-up-lying": shown(
        "Lying on the front: flat, then the chest pressed up on the hands while hips and legs stay down.",
        panel(Figure((108, LYING), 180, _PRONE_LEGS, (arm(25, 200),))),
        panel(Figure((108, LYING), 128, _PRONE_LEGS, (arm(-70, -110),), 5, 110),
              arrows=(Arrow((58, 98), (54, 66), -5),)),
    ),
    "walking": shown(
        "Walking upright, arms swinging, looking ahead.",
        panel(standing(leg(-65, -78, 8), leg(-112, -125, -40, far=True), arms=(arm(-118, -95), arm(-55, -30, far=True)),
                       torso=87), arrows=(Arrow((128, 60), (160, 60)),)),
    ),
    "legs-on-chair": shown(
        "Lying on the back, the lower legs resting on the seat of a chair, arms at ease.",
        Panel((supine(leg(88, 2, 80), x=92),),
              (Line(((104, FLOOR - 26), (150, FLOOR - 26)), 3), Line(((108, FLOOR - 26), (108, FLOOR + 2)), 3),
               Line(((150, FLOOR + 2), (150, FLOOR - 60)), 3))),
    ),
    "sitting-tilt": shown(
        "Sitting on a chair: the low back sinks into a round, then rises tall as the pelvis tips forward.",
        panel(sitting(bend=7, torso=98, head=75), *CHAIR),
        panel(sitting(bend=-3), *CHAIR, arrows=(Arrow((122, 62), (122, 36)),)),
    ),
    "sitting-turn": shown(
        "Sitting tall on a chair, arms crossed: the trunk turns to one side and to the other.",
        panel(sitting(arms=(arm(-40, 140), arm(-140, 40, far=True))), *CHAIR,
              arrows=(Arrow((58, 6), (112, 6), 9, both=True),)),
    ),
    "standing-arch": shown(
        "Standing with the hands on the back of the hips: upright, then leaning back a little.",
        panel(standing(arms=(arm(-125, -20),))),
        panel(standing(arms=(arm(-140, -30),), torso=106, bend=-3), arrows=(Arrow((132, 22), (102, 16)),)),
    ),
    "nerve-slider": shown(
        "Sitting on a chair: one leg straightens while the head looks up, then it bends while the head looks down.",
        panel(sitting(leg(0, 8, 95), leg(0, -90, 0, far=True), head=110), *CHAIR,
              arrows=(Arrow((120, 106), (146, 92), -6),)),
        panel(sitting(leg(0, -96, -5), leg(0, -90, 0, far=True), head=50), *CHAIR,
              arrows=(Arrow((146, 88), (124, 108), 6),)),
    ),
    "belly-breathing": shown(
        "Lying on the back, knees bent, one hand on the belly: the belly rises with the breath.",
        panel(supine(arms=(arm(30, -22),)), arrows=(Arrow((86, 84), (86, 66)),)),
    ),
    "abdominal-brace": shown(
        "Lying on the back, knees bent, hands on the waist, which tightens a little all around.",
        panel(supine(arms=(arm(30, -24),)), arrows=(Arrow((86, 70), (86, 88)), Arrow((70, 72), (74, 88)))),
    ),
    "heel-slide": shown(
        "Lying on the back: both knees bent, then one heel slides away until the leg is long.",
        panel(supine(BENT)),
        panel(supine(leg(4, -2, 80), leg(52, -62, 0, far=True)), arrows=(Arrow((134, 96), (166, 96)),)),
    ),
    "march-lying": shown(
        "Lying on the back, knees bent: one foot lifts until thigh and shin stand at right angles, then the other.",
        panel(supine(BENT)),
        panel(supine(leg(92, 0, 80), leg(52, -62, 0, far=True)), arrows=(Arrow((148, 100), (142, 78), -4),)),
    ),
    "dead-bug": shown(
        "Lying on the back, arms and legs up: one arm and the opposite leg sink towards the floor.",
        panel(supine(leg(92, 0, 80), arms=(arm(90, 90),))),
        panel(supine(leg(12, 8, 90), leg(92, 0, 80, far=True), arms=(arm(150, 158), arm(90, 90, far=True))),
              arrows=(Arrow((150, 72), (162, 92), 5), Arrow((42, 66), (26, 84), -5))),
    ),
    "bird-dog": shown(
        "On hands and knees: one leg stretches back and the opposite arm forward, in line with the trunk.",
        panel(on_all_fours()),
        panel(on_all_fours(leg(2, 4, 0), leg(-90, 0, far=True), arms=(arm(172, 174), arm(-90, -90, far=True))),
              arrows=(Arrow((160, 100), (172, 84), -4),)),
    ),
    "side-bridge": shown(
        "Lying on the side on one forearm, knees bent: the hips rise until trunk and thighs make a line.",
        panel(Figure((110, LYING), 160, (leg(0, -8),), (arm(-110, 180), arm(-12, -8, far=True)))),
        panel(Figure((108, FLOOR - 20), 163, (leg(-32, -8),), (arm(-92, 180), arm(-15, -10, far=True))),
              arrows=(Arrow((104, 82), (104, 62)),)),
    ),
    "plank": shown(
        "On the forearms and the toes, the body in one line from head to heels.",
        panel(Figure((102, FLOOR - 18), 172, (leg(-9, -9, -80),), (arm(-92, 180),), 0, 176)),
    ),
    "prone-lift": shown(
        "Lying on the front: one arm and the opposite leg lift a little off the floor.",
        panel(Figure((104, LYING), 180, _PRONE_LEGS, (arm(180, 180),))),
        panel(Figure((104, LYING), 174, (leg(10, 10, 5), leg(0, -3, -20, far=True)),
                     (arm(158, 160), arm(182, 182, far=True)), 0, 172),
              arrows=(Arrow((152, 108), (154, 88), -3), Arrow((28, 104), (26, 84), 3))),
    ),
    "band-press": shown(
        "Standing side-on to a band that is fixed at chest height: the hands press straight forward and come back.",
        panel(standing(arms=(arm(-60, 40),)), wall(20), Line(((20, 26), (112, 24)), 1.5, dashed=True)),
        panel(standing(arms=(arm(0, 0),)), wall(20), Line(((20, 26), (128, 14)), 1.5, dashed=True),
              arrows=(Arrow((112, 32), (148, 32)),)),
    ),
    "suitcase-carry": shown(
        "Walking upright with a weight in one hand, the shoulders level.",
        panel(standing(leg(-68, -80, 8), leg(-110, -120, -30, far=True), arms=(arm(-90, -90),)),
              Line(((86, 76), (104, 76), (104, 92), (86, 92), (86, 76)), 2.5), arrows=(Arrow((128, 60), (160, 60)),)),
    ),
    "bridge": shown(
        "Lying on the back, knees bent: the hips rise until trunk and thighs make a line.",
        panel(supine()),
        panel(Figure((100, FLOOR - 25), 209, (leg(30, -72, 0),), (arm(-3, 0),), 0, 180),
              arrows=(Arrow((88, 80), (88, 60)),)),
    ),
    "clam": shown(
        "Lying on the side, knees bent, heels together: the upper knee opens and closes.",
        panel(supine(leg(8, -14, None), arms=(arm(160, 170),))),
        panel(supine(leg(50, -48, None), leg(6, -10, far=True), arms=(arm(160, 170),)),
              arrows=(Arrow((140, 96), (130, 72), -5),)),
    ),
    "side-leg-lift": shown(
        "Lying on the side, legs long: the upper leg lifts and sinks slowly.",
        panel(supine(leg(0, 0, 30), arms=(arm(160, 170),))),
        panel(supine(leg(28, 28, 55), leg(0, 0, 30, far=True), arms=(arm(160, 170),)),
              arrows=(Arrow((168, 102), (164, 80), -4),)),
    ),
    "hip-hinge": shown(
        "Standing with a stick along head, back and tailbone: upright, then bent at the hips, the stick in touch.",
        panel(standing(arms=(arm(-120, -60),)), Line(((87, 8), (87, 66)), 2.5)),
        panel(standing(leg(-76, -96, 0), arms=(arm(-130, -40),), torso=28, x=82, y=FLOOR - 58),
              Line(((70, 50), (142, 12)), 2.5), arrows=(Arrow((84, 2), (120, 0), 8), Arrow((78, 46), (60, 50), -3))),
    ),
    "sit-to-stand": shown(
        "Sitting at the front of a chair, leaning forward, then standing up without the hands.",
        panel(sitting(leg(2, -98, 0), torso=66, arms=(arm(-10, 0),)), *CHAIR,
              arrows=(Arrow((124, 40), (128, 14), -4),)),
        panel(standing(leg(-88, -90, 0), x=112), *CHAIR),
    ),
    "half-squat": shown(
        "Standing behind a chair with the hands on its back: the hips sink back and down, then rise.",
        panel(standing(arms=(arm(-40, -5),)), Line(((134, FLOOR + 2), (134, 52), (160, 52)), 3)),
        panel(standing(leg(-30, -112, 0), arms=(arm(-25, 5),), torso=64, x=74, y=FLOOR - 43),
              Line(((134, FLOOR + 2), (134, 52), (160, 52)), 3), arrows=(Arrow((60, 46), (56, 74), 4),)),
    ),
    "wall-sit": shown(
        "The back against a wall, the knees bent as if on a chair.",
        panel(Figure((66, FLOOR - 32), 90, (leg(4, -94, 0),), (arm(-80, -50),)), wall(58),
              arrows=(Arrow((42, 40), (42, 68)),)),
    ),
    "step-up": shown(
        "One foot on a step: the body rises over it and comes down slowly.",
        panel(standing(leg(-38, -104, 0), leg(-92, -98, -5, far=True), x=78, torso=84),
              Line(((98, FLOOR + 2), (98, FLOOR - 14), (150, FLOOR - 14), (150, FLOOR + 2)), 3)),
        panel(standing(leg(-88, -92, 0), leg(-80, -120, -30, far=True), x=112, y=STANDING - 16),
              Line(((98, FLOOR + 2), (98, FLOOR - 14), (150, FLOOR - 14), (150, FLOOR + 2)), 3),
              arrows=(Arrow((80, 70), (90, 40), 5),)),
    ),
    "one-leg-stand": shown(
        "Standing on one leg beside a support, the other knee lifted, the pelvis level.",
        panel(standing(leg(-8, -95, -10), leg(-91, -90, 0), arms=(arm(-40, -20),)),
              Line(((132, FLOOR + 2), (132, 60), (158, 60)), 3), arrows=(Arrow((142, 92), (138, 72), -3),)),
    ),
    "calf-raise": shown(
        "Standing with the fingertips at a wall: the heels rise and sink slowly.",
        panel(standing(arms=(arm(-20, 20),)), wall(138)),
        panel(standing(leg(-90, -90, -48), arms=(arm(-15, 20),), y=STANDING - 7), wall(138),
              arrows=(Arrow((74, 108), (74, 88)),)),
    ),
    "hip-flexor-stretch": shown(
        "Kneeling on one knee, the other foot in front: the hips move forward and the trunk stays upright.",
        panel(Figure((84, FLOOR - 31), 90, (leg(2, -88, 0), leg(-95, 180, 180, far=True)), (arm(-60, -20),))),
        panel(Figure((98, FLOOR - 28), 92, (leg(4, -100, 0), leg(-118, 182, 180, far=True)), (arm(-60, -20),)),
              arrows=(Arrow((64, 66), (88, 66)),)),
    ),
    "hamstring-stretch": shown(
        "Lying on the back, a towel around one foot, that leg straight up towards the ceiling.",
        panel(supine(leg(76, 78, 165), leg(52, -62, 0, far=True), arms=(arm(60, 30),), x=104),
              Line(((84, 78), (122, 46)), 2), arrows=(Arrow((142, 70), (130, 46), -5),)),
    ),
    "buttock-stretch": shown(
        "Lying on the back, one ankle over the other knee, the lower thigh drawn towards the trunk.",
        panel(supine(leg(70, -150, None), leg(52, -62, 0, far=True))),
        panel(supine(leg(62, 172, None), leg(108, -8, 60, far=True), arms=(arm(50, 20),)),
              arrows=(Arrow((132, 62), (108, 52), 6),)),
    ),
    "upper-back-turn": shown(
        "Lying on the side, knees bent, arms in front: the upper arm lifts and opens to the other side.",
        panel(supine(leg(26, -30, None), arms=(arm(35, 28), arm(12, 6, far=True)), x=104)),
        panel(supine(leg(26, -30, None), arms=(arm(142, 150), arm(30, 24, far=True)), x=104),
              arrows=(Arrow((100, 74), (44, 70), -16),)),
    ),
    "side-bend": shown(
        "Standing, one arm over the head: the trunk bends to the side, seen from the front.",
        Panel((Figure((95, STANDING), 90, (leg(-80, -88), leg(-100, -92)), (arm(-65, -80), arm(-115, -100))),)),
        Panel((Figure((95, STANDING), 112, (leg(-80, -88), leg(-100, -92)), (arm(112, 150), arm(-110, -100)), -3),), (),
              (Arrow((132, 10), (106, -12), -5),)),
    ),
    "calf-stretch": shown(
        "Hands at a wall, one leg back with the heel down: the hips move towards the wall.",
        panel(Figure((86, FLOOR - 56), 72, (leg(-50, -100, 0), leg(-122, -124, -10)), (arm(10, 15),)), wall(146),
              arrows=(Arrow((66, 44), (88, 38)),)),
    ),
    "chest-stretch": shown(
        "The forearm against a door frame at shoulder height: the chest turns and moves forward past it.",
        panel(standing(leg(-72, -82, 0), leg(-108, -108, -20, far=True), arms=(arm(168, 92),), x=100), wall(60),
              arrows=(Arrow((112, 40), (140, 36)),)),
    ),
    "shoulder-blade-squeeze": shown(
        "Sitting tall: the shoulder blades draw back and down.",
        panel(sitting(arms=(arm(-70, -10),)), *CHAIR),
        panel(sitting(arms=(arm(-112, -25),)), *CHAIR, arrows=(Arrow((112, 44), (96, 44)), Arrow((56, 34), (56, 58)))),
    ),
    "chin-tuck": shown(
        "Sitting tall: the chin slides straight back and the neck grows long.",
        panel(sitting(head=58), *CHAIR),
        panel(sitting(head=93), *CHAIR, arrows=(Arrow((122, 24), (100, 24)),)),
    ),
    "wall-press": shown(
        "Hands at a wall at chest height: the elbows bend and the body, in one line, comes closer, then goes back.",
        panel(Figure((88, FLOOR - 59), 80, (leg(-98, -98, 0),), (arm(0, 4),)), wall(136)),
        panel(Figure((96, FLOOR - 58), 72, (leg(-106, -106, 0),), (arm(-45, 60),)), wall(136),
              arrows=(Arrow((64, 44), (84, 36)),)),
    ),
    "wall-slide": shown(
        "The back to a wall, forearms against it: the arms slide up and down without losing touch.",
        panel(standing(arms=(arm(-60, 80),), x=70), wall(60)),
        panel(standing(arms=(arm(48, 84),), x=70), wall(60), arrows=(Arrow((108, 44), (108, 16)),)),
    ),
    "band-row": shown(
        "Standing, a band in both hands that is fixed in front: the elbows draw back along the sides.",
        panel(standing(arms=(arm(-8, -4),)), wall(172), Line(((132, 18), (172, 24)), 1.5, dashed=True)),
        panel(standing(arms=(arm(-140, -6),)), wall(172), Line(((98, 30), (172, 24)), 1.5, dashed=True),
              arrows=(Arrow((126, 40), (100, 44), 0),)),
    ),
}  # fmt: skip
