# SPDX-License-Identifier: Apache-2.0
"""Figures in words: one sentence for each question of a user about a model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ami_ros.model.contract import Contract
from ami_ros.model.judging.parts import numbers, probes

SHOWN = 0.9  # R2 from which on a value counts as shown by the pictures
BLIND = 0.5  # R2 below which something counts as not seen
GUESSES = "the better of two guesses: that nothing moves, or that other actions were taken"
TOLD = 0.9  # AUC from which on two things count as distinguished


def seen(quality: Mapping[str, Any]) -> Iterator[str]:
    """Say how well the quantities in the data can be read off the latent.

    The root of 1 - R2 is the rms error as a share of the standard deviation.
    """
    found = {name.replace("_", " "): value for name, value in probes(quality).items()}
    sharp = {name: value for name, value in found.items() if value >= BLIND}
    if not found:
        yield "What it sees was not measured: the data contain no quantity to read off a picture."
    if sharp:
        each = (f"the {name} to within {math.sqrt(1.0 - r2):.0%}" for name, r2 in sharp.items())
        yield f"It sees {_listed(list(each))} of the standard deviation."
    if blurred := [f"the {name}" for name in found if name not in sharp]:
        yield f"It hardly sees {_listed(blurred)}."


def shown_of(contract: Contract) -> Iterator[str]:
    """Say which values of a sensor pictures show, and which hardly."""
    found = contract.quality.get("shown")
    for vector in contract.vectors:
        each = found.get(vector.name) if isinstance(found, Mapping) else None
        if not isinstance(each, list) or not numbers(dict(enumerate(each))):
            continue
        named = list(zip(vector.values, each, strict=False))
        sharp = [name for name, r2 in named if r2 >= SHOWN]
        hardly = [f"{name} ({r2:.2f})" for name, r2 in named if r2 < SHOWN]
        yield (
            f"Pictures show {_listed(sharp) if sharp else 'nothing'} of {vector.name} (R2 {SHOWN:g} or more)"
            + (f", and less of {_listed(hardly)}." if hardly else ".")
        )


def trusted(ahead: Sequence[float], share: float, block_s: float) -> str:
    """Say how far ahead its predictions can be trusted.

    Args:
        ahead: error for each block ahead, as a share of that of a guess.
        share: largest share at which they are trusted.
        block_s: duration of a block, s.
    """
    if not ahead:
        return "How far ahead it can be trusted was not measured."
    # The last such block: little moves within one block, and noise alone can make the error as large.
    blocks = max((index for index, error in enumerate(ahead, 1) if error <= share), default=0)
    if not blocks:
        never = f"its error is never below {share:.0%} of that of {GUESSES}"
        return f"It cannot be trusted to predict anything: {never}."
    reach = f"{blocks} action block{'s' * (blocks > 1)} ({blocks * block_s:.1f} s)"
    most = ", which is all that was measured" if blocks == len(ahead) else ""
    error = f"its error is {ahead[blocks - 1]:.0%} of that of {GUESSES}"
    return f"It can be trusted {reach} ahead{most}: there {error}."


def told_apart(rank: float | None, tells: bool) -> str:
    """Say whether the model's distance separates near from far."""
    if rank is None:
        return "Whether its distance tells near from far was not measured: nothing in the data moved."
    which = "tells" if tells else "hardly tells"
    return f"Its distance to a goal {which} near from far: rank correlation {rank:.2f} with the true one."


def in_hindsight(quality: Mapping[str, Any]) -> Iterator[str]:
    """Say whether plans toward pictures seen later lead where the robot went, in recordings held out."""
    found = quality.get("hindsight")
    rows = found if isinstance(found, Mapping) else {}
    named = [rows.get(name) for name in ("ahead_s", "cosine", "chance")]
    if not all(isinstance(values, list) and numbers(dict(enumerate(values))) for values in named):
        yield "Where its plans lead was not compared with recordings."
        return
    ahead = list(zip(*named, strict=False))
    cosines = ", ".join(f"{cosine:.2f}" for _, cosine, _ in ahead)
    seconds = ", ".join(f"{ahead_s:g}" for ahead_s, _, _ in ahead)
    chance = max(abs(chance) for _, _, chance in ahead)
    yield (
        f"In hindsight its plans lead where the robot went {seconds} s later with a cosine of {cosines} "
        f"(with where it went at other moments at most {chance:.2f})."
    )


def worth_knowing(quality: Mapping[str, Any]) -> Iterator[str]:
    """Say how well the model knows its own ignorance, which makes a robot safer but no plan better."""
    doubt = numbers(quality).get("disagreement_spearman")
    if doubt is not None:
        yield f"Its doubt ranks its errors with a correlation of {doubt:.2f}."
    yield from _of_the_past(quality.get("history"))
    events, odd = numbers(quality).get("surprise_auc"), quality.get("beyond_range")
    kinds = {k: numbers(v).get("auc") for k, v in odd.items()} if isinstance(odd, Mapping) else {}
    known = {kind.replace("_", " "): auc for kind, auc in kinds.items() if auc is not None}
    if events is not None:
        yield f"It {_tells(events)} impossible events from possible ones (AUC {events:.2f})."
    if known:
        worst = min(known, key=known.__getitem__)
        yield (
            f"It {_tells(known[worst])} pictures beyond its training range from usual ones "
            f"(AUC {known[worst]:.2f} to {max(known.values()):.2f}, worst: {worst})."
        )
    if events is None and not known:
        yield (
            "Whether it notices the unfamiliar was not measured: `ami-ros collect` and `ami-ros augment` "
            "create the data for that."
        )


def _of_the_past(found: Any) -> Iterator[str]:
    rows = found if isinstance(found, Mapping) else {}
    error, blocks = numbers(rows).get("error"), rows.get("blocks")
    if error is None or not isinstance(blocks, list):
        return
    less = f"{max(0.0, 1.0 - error):.0%} less"
    if over := [f"{constant:g}" for constant in numbers(dict(enumerate(blocks))).values()]:
        yield (
            f"It averages past readings over {_listed(over)} action blocks: with them, a linear model errs "
            f"{less}."
        )
    else:
        yield f"The present readings are enough: a linear model errs at most {less} with past ones."


def _tells(auc: float) -> str:
    return "tells" if auc >= TOLD else "does not always tell"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
