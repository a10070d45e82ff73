# SPDX-License-Identifier: Apache-2.0
"""The judgement of a model: its expected success by its figures, and whether it may plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ami_ros.model.contract import Contract
from ami_ros.model.judging.parts import DISTANCE, FORESIGHT, SIGHT, errors_ahead, parts_of
from ami_ros.model.judging.settings import JudgementSettings
from ami_ros.model.judging.wording import in_hindsight, seen, shown_of, told_apart, trusted, worth_knowing

# By weak part: why the model may not plan, and the remedy.
WEAK = {
    FORESIGHT: (
        "it hardly predicts the effect of its actions",
        "check that the recorded actions are those executed, and at the right times (`ami-ros import` "
        "reports both)",
    ),
    SIGHT: (
        "it hardly sees where the thing is that it has to move",
        "check the recorded pictures: are they sharp and uncovered, and is the moving thing large enough in "
        "them?",
    ),
    DISTANCE: (
        "its distance to a goal hardly tells near from far",
        "record motion through the whole workspace, slow and fast",
    ),
}
ALWAYS = "record more data and train longer (`ami-ros train --steps`)"
SURE = 0.01
UNMEASURED = (
    "the quality of its predictions was not measured",
    "train it again, or export it from its checkpoint",
)


@dataclass(frozen=True)
class Judgement:
    """The expectations of a model.

    Attributes:
        says: sentences on what it can see, how far ahead it can be trusted, and what else is worth knowing.
        parts: measured parts of success, see `parts_of`.
        expected: success by each part alone, 0 to 1.
        success: expected share of the goals of reach or push within 5 cm at the end of an episode, or of
            another task within its tolerance: that of the weakest part. 0 if its foresight was not measured;
            None where the success of no model like it was measured.
        may_plan: whether that is enough.
        reasons: why not; sentences without a full stop.
        advice: the remedy; sentences without a full stop.
    """

    says: tuple[str, ...]
    parts: Mapping[str, float]
    expected: Mapping[str, float]
    success: float | None
    may_plan: bool
    reasons: tuple[str, ...]
    advice: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """Whether it may plan, and why not, in one sentence."""
        if self.may_plan:
            return "It may plan."
        return f"It may not plan: {'; '.join(self.reasons)}."

    @property
    def next_step(self) -> str:
        """The remedy for a model that may not plan, in one sentence; empty if it may."""
        return "" if self.may_plan else f"What to do: {'; '.join(self.advice)}."

    @property
    def lines(self) -> list[str]:
        """The whole judgement, one sentence per line."""
        means = "of the goals within 5 cm, or the task's tolerance, at the end of an episode"
        if self.success is None:
            return [*self.says, "Expected success: not measured of models like it.", self.verdict]
        shown = min(max(self.success, SURE), 1.0 - SURE)  # nothing is certain
        return [*self.says, f"Expected success: {shown:.0%} {means}.", self.verdict]


def judge(contract: Contract, settings: JudgementSettings) -> Judgement:
    """Judge a model by the quality in its contract, measured by any version of ami_ros.

    A flaw that all recordings share, held-out episodes included, does not show there.

    Args:
        contract: contract of the model.
        settings: expected success by figure.
    """
    quality, curves = contract.quality, settings.curves
    parts = parts_of(quality, settings.blocks)
    expected = {name: curves[name](value) for name, value in parts.items()}
    success: float | None = min(expected.values()) if FORESIGHT in parts else 0.0
    weak = [WEAK[name] for name, value in expected.items() if value < settings.least_success]
    if FORESIGHT not in parts:
        weak = [UNMEASURED]
    elif contract.meaning not in settings.measured:
        success = None
        known = ", ".join(settings.measured)
        why = f"success was measured with actions of the meaning {known}, and not with {contract.meaning}"
        weak.append((why, "try it where it can harm nothing, and measure what it reaches"))
    reasons, advice = [why for why, _ in weak], [what for _, what in weak]
    ahead, block_s = errors_ahead(quality), contract.block / contract.rate_hz
    said = [
        *seen(quality),
        *shown_of(contract),
        trusted(ahead, settings.trusted_error, block_s),
        told_apart(parts.get(DISTANCE), expected.get(DISTANCE, 1.0) >= settings.least_success),
        *in_hindsight(quality),
        *worth_knowing(quality),
    ]
    return Judgement(tuple(said), parts, expected, success, not weak, tuple(reasons), (*advice, ALWAYS))
