# SPDX-License-Identifier: Apache-2.0
"""What the success of a plan rests on, read off the quality in a contract; larger is better in each part.

All parts compare with a guess, so that they mean the same for arms, bases and plants, and for recordings of
which no simulator knows the truth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

# Foresight and sight count the powers of ten by which the mean squared error is smaller than that of a guess:
# 0 is no better than the guess, 2 a hundredth of its error. Foresight: of predictions, see `errors_ahead`.
# Sight: of the place of what is moved, read off the latent; the guess is its mean. Distance: rank correlation
# with the true one.
FORESIGHT, SIGHT, DISTANCE = PARTS = ("foresight", "sight", "distance")
MEASURED_BY = "slow"  # the distance that plans are measured by, unless config/planner.yaml is changed
WORST, BEST = -1.0, 3.0  # beyond these nothing more is told


def parts_of(quality: Mapping[str, Any], blocks: int) -> dict[str, float]:
    """Return the parts, WORST to BEST, of which something was measured.

    Args:
        quality: of a contract, from whatever version: what is missing or no figure counts as not measured.
        blocks: action blocks ahead at which foresight counts; the last one where fewer were measured.
    """
    found = {}
    if ahead := errors_ahead(quality):
        found[FORESIGHT] = _powers(ahead[min(blocks, len(ahead)) - 1])
    seen, ranks = probes(quality), numbers(quality.get("distance_spearman"))
    moved, ranked = quality.get("moved"), any(ranks.values())  # all zero: a wall, which cannot be moved
    if isinstance(moved, str) and moved in seen:
        found[SIGHT] = _powers(1.0 - seen[moved])
    elif seen:  # from before it was said what is moved
        likely = [*(["object_position"] if ranked else []), "tip_position", "position"]
        r2 = next((seen[name] for name in likely if name in seen), min(seen.values()))
        found[SIGHT] = _powers(1.0 - r2)
    if MEASURED_BY in ranks and ranked:
        found[DISTANCE] = _finite(ranks[MEASURED_BY])
    return found


def errors_ahead(quality: Mapping[str, Any]) -> list[float]:
    """Return its error for each block ahead, as a share of that of the better guess.

    One guess is that nothing moves, the other what the model expects of other actions: who is no better than
    that has not learned what actions do.
    """
    names = ("open_loop_error", "copy_last_error", "shuffled_action_error")
    given = [quality.get(name) for name in names]
    if not all(isinstance(values, list) and all(map(_is_number, values)) for values in given):
        return []
    return [_share(ours, min(copied, shuffled)) for ours, copied, shuffled in zip(*given, strict=False)]


def probes(quality: Mapping[str, Any]) -> dict[str, float]:
    """Return the R2 (-1 to 1) of everything that should be read off the latent."""
    return {name: _finite(value) for name, value in numbers(quality.get("probes")).items()}


def numbers(values: Any) -> dict[str, float]:
    """Return what of a mapping are numbers."""
    if not isinstance(values, Mapping):
        return {}
    return {name: float(value) for name, value in values.items() if _is_number(value)}


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _share(error: float, guess: float) -> float:
    """Return error / guess; infinite where that cannot be told."""
    return error / guess if math.isfinite(error) and math.isfinite(guess) and guess > 0.0 else math.inf


def _powers(share: float) -> float:
    """Return by how many powers of ten an error is smaller than a guess's, of which it is this share."""
    if math.isnan(share):
        return WORST
    return min(BEST, max(WORST, -math.log10(max(share, 10.0**-BEST))))


def _finite(value: float) -> float:
    """Return a value of -1 to 1; what is not finite is -1."""
    return min(1.0, max(-1.0, value)) if math.isfinite(value) else -1.0
