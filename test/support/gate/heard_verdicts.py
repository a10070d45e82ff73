# SPDX-License-Identifier: Apache-2.0
"""What the gate said, as a test's probe hears it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray

from ami_ros.ros.wire.qos import LATCHED_HISTORY
from ami_ros.ros.wire.verdicts import Judgement, judgement_from_ros
from ami_ros.types import Verdict


def listen_to_gate(probe: Any, namespace: str = "") -> list[Judgement]:
    """Return a list that fills with the gate's judgements.

    Each is decoded once, when it comes: a probe that decodes all of them each time it looks falls behind a gate
    that talks, and what a queue of twenty no longer holds is lost.
    """
    topic = f"{namespace}/safety/verdict" if namespace else "safety/verdict"
    return probe.listen(DiagnosticArray, topic, LATCHED_HISTORY, judgement_from_ros)


def newest_state(judgements: Sequence[Judgement]) -> Verdict | None:
    """Return the last verdict on the gate as a whole, not on a proposal; None while there is none."""
    return next((j.verdict for j in reversed(judgements) if j.proposal_stamp_ns is None), None)


def codes_of(verdict: Verdict | None) -> set[str]:
    """Return the codes of a verdict's reasons."""
    return set() if verdict is None else {reason.code for reason in verdict.reasons}
