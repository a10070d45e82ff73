# SPDX-License-Identifier: Apache-2.0
"""Measures whether impossible events surprise the model more than their possible twins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ami_ros.body.actions import ActionSpec
from ami_ros.episodes.event import STRANGER, EventRecord, read_event
from ami_ros.model.networks.inputs import Inputs
from ami_ros.model.networks.jepa import Jepa
from ami_ros.model.networks.surprise import SURPRISE_BLOCKS
from ami_ros.training.fitting.surprise import surprises
from ami_ros.training.latents import Encoded, encode_episodes
from ami_ros.training.rank import roc_auc
from ami_ros.training.recorded import recorded_clips

SOON = 6  # control steps within which an event must surprise


@dataclass(frozen=True, eq=False)
class Clips:
    """All clips of one kind, possible or impossible.

    Attributes:
        encoded: the clips.
        event_step: (E,) index of the observation that first shows the event.
    """

    encoded: Encoded
    event_step: NDArray[np.int64]


def read_clips(
    model: Jepa,
    paths: Sequence[Path],
    inputs: Inputs,
    spec: ActionSpec,
) -> dict[tuple[str, bool], Clips]:
    """Return clips by kind and possibility.

    Args:
        model: the world model.
        paths: paths of the clips.
        inputs: inputs of the model.
        spec: spec of the actions.

    Raises:
        EpisodeError: unreadable clips.
    """
    groups: dict[tuple[str, bool], list[EventRecord]] = defaultdict(list)
    for path in paths:
        record = read_event(path)
        groups[record.kind, record.possible].append(record)
    return {
        key: Clips(
            encode_episodes(model, recorded_clips([r.episode for r in records], inputs), spec),
            np.array([record.event_step for record in records]),
        )
        for key, records in groups.items()
    }


def largest_surprise(model: Jepa, clips: Clips) -> NDArray[np.float64]:
    """Return the largest surprise (E,) of each clip soon after its event."""
    count, span = len(clips.event_step), clips.encoded.block * SURPRISE_BLOCKS
    # (ends, E): column e is clip e, row r the window that ends at observation r + span.
    transitions = clips.encoded.transitions(SURPRISE_BLOCKS)
    values = surprises(model, transitions).amax(dim=1).view(-1, count).double().numpy()
    ends = np.arange(len(values))[:, None] + span
    soon = (ends >= clips.event_step) & (ends <= clips.event_step + SOON)
    scores: NDArray[np.float64] = np.where(soon, values, 0.0).max(axis=0)
    return scores


def surprise_aucs(model: Jepa, clips: dict[tuple[str, bool], Clips]) -> tuple[float | None, dict[str, float]]:
    """Return how well surprise separates impossible from possible clips: over all kinds, and by kind.

    The unseen object, which is possible, only counts by kind.
    """
    kinds = sorted({kind for kind, _ in clips if (kind, True) in clips and (kind, False) in clips})
    scores = {k: [largest_surprise(model, clips[k, possible]) for possible in (True, False)] for k in kinds}
    by_kind = {kind: roc_auc(*pair) for kind, pair in scores.items()}
    counted = [scores[kind] for kind in kinds if kind != STRANGER]
    overall = [np.concatenate(side) for side in zip(*counted, strict=True)] if counted else None
    return None if overall is None else roc_auc(*overall), by_kind
