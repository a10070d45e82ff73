# SPDX-License-Identifier: Apache-2.0
"""The parts of a plan's success, from the quality in a contract; larger is better in each part.

All parts compare with a guess, so that they mean the same for arms, bases and plants, and for recordings
without a simulator's ground truth.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

# Foresight and sight are the powers of ten by which the mean squared error is smaller than that of a guess:
# 0 is no better than the guess, 2 a hundredth of its error. Foresight: error of predictions, see
# `errors_ahead`. Sight: error of the moved object's position, probed from the latent; the guess is its mean.
# Distance: rank correlation with the true distance.
FORESIGHT, SIGHT, DISTANCE = PARTS = ("foresight", "sight", "distance")
MEASURED_BY = "slow"  # the distance that plans minimise, unless config/planner.yaml is changed
WORST, BEST = -1.0, 3.0  # values beyond these carry no more information


def parts_of(quality: Mapping[str, Any], blocks: int) -> dict[str, float]:
    """Return the measured parts, WORST to BEST.

    Args:
        quality: quality in a contract of any version; missing or non-numeric figures count as not measured.
        blocks: action blocks ahead at which foresight counts; the last one if fewer were measured.
    """
    found = {}
    if ahead := errors_ahead(quality):
        found[FORESIGHT] = _powers(ahead[min(blocks, len(ahead)) - 1])
    seen, ranks = probes(quality), numbers(quality.get("distance_spearman"))
    moved, ranked = quality.get("moved"), any(ranks.values())  # all zero: a wall, which cannot be moved
    if isinstance(moved, str) and moved in seen:
        found[SIGHT] = _powers(1.0 - seen[moved])
    elif seen:  # older contracts do not name what is moved
        likely = [*(["object_position"] if ranked else []), "tip_position", "position"]
        r2 = next((seen[name] for name in likely if name in seen), min(seen.values()))
        found[SIGHT] = _powers(1.0 - r2)
    if MEASURED_BY in ranks and ranked:
        found[DISTANCE] = _finite(ranks[MEASURED_BY])
    return found


def errors_ahead(quality: Mapping[str, Any]) -> list[float]:
    """Return the model's error for each block ahead, as a share of the error of the better guess.

    One guess is that nothing moves, the other is the model's prediction for other actions: a model that is no
    better has not learned what actions do.
    """
    names = ("open_loop_error", "copy_last_error", "shuffled_action_error")
    given = [quality.get(name) for name in names]
    if not all(isinstance(values, list) and all(map(_is_number, values)) for values in given):
        return []
    return [_share(ours, min(copied, shuffled)) for ours, copied, shuffled in zip(*given, strict=False)]


def probes(quality: Mapping[str, Any]) -> dict[str, float]:
    """Return the R2 (-1 to 1) of every probe of the latent."""
    return {name: _finite(value) for name, value in numbers(quality.get("probes")).items()}


def numbers(values: Any) -> dict[str, float]:
    """Return the numeric entries of a mapping."""
    if not isinstance(values, Mapping):
        return {}
    return {name: float(value) for name, value in values.items() if _is_number(value)}


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _share(error: float, guess: float) -> float:
    """Return error / guess; infinite if undefined."""
    return error / guess if math.isfinite(error) and math.isfinite(guess) and guess > 0.0 else math.inf


def _powers(share: float) -> float:
    """Return by how many powers of ten an error is smaller than a guess's, given its share of that."""
    if math.isnan(share):
        return WORST
    return min(BEST, max(WORST, -math.log10(max(share, 10.0**-BEST))))


def _finite(value: float) -> float:
    """Return a value in -1 to 1; -1 for a non-finite one."""
    return min(1.0, max(-1.0, value)) if math.isfinite(value) else -1.0
