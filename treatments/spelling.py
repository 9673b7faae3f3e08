"""How many slips of the finger lie between two words. Pure."""

from __future__ import annotations


def distance(a: str, b: str, *, at_most: int) -> int:
    """Slips (wrong, missing, extra or swapped letters) that turn one word into the other.

    More than `at_most` is answered as `at_most + 1`, without counting on.
    """
    if abs(len(a) - len(b)) > at_most:
        return at_most + 1
    before: list[int] = []
    previous = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        current = [i]
        for j, y in enumerate(b, start=1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > at_most:
            return at_most + 1
        before, previous = previous, current
    return min(previous[-1], at_most + 1)
