# SPDX-License-Identifier: Apache-2.0
"""The models to judge: the training length, the amount of data and the fault of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ami_ros.episodes.episode import episode_path, read_episode, write_episode
from ami_ros.errors import ConfigError
from benchmarks.judging.spoiling import FAULTS

FEWEST_EPISODES = 4  # enough to train and hold some out
SEED = 1
NONE = "none"


@dataclass(frozen=True)
class Variant:
    """One model.

    Attributes:
        name: of its folder.
        steps: share of the optimiser steps of a good one.
        episodes: share of the recorded episodes.
        fault: one of FAULTS that spoils them; empty for none.
    """

    name: str
    steps: float = 1.0
    episodes: float = 1.0
    fault: str = ""

    def steps_of(self, most: int) -> int:
        """Return its optimiser steps, at least one."""
        return max(1, round(self.steps * most))

    def episodes_of(self, most: int) -> int:
        """Return its number of training episodes."""
        return min(most, max(FEWEST_EPISODES, round(self.episodes * most)))


# From good to hopeless, as evenly as possible.
VARIANTS = {
    it.name: it
    for it in (
        Variant("good"),
        Variant("steps_half", steps=0.5),
        Variant("steps_few", steps=0.25),
        Variant("steps_fewer", steps=0.1),
        Variant("steps_fewest", steps=0.03),
        Variant("untrained", steps=0.0),
        Variant("episodes_half", episodes=0.5),
        Variant("episodes_few", episodes=0.15),
        Variant("episodes_fewest", episodes=0.04),
        *(Variant(fault, fault=fault) for fault in FAULTS),
    )
}


def chosen(names: Sequence[str]) -> list[Variant]:
    """Return variants by name; all without a name, none for NONE.

    Raises:
        ConfigError: an unknown name, or NONE together with others.
    """
    if list(names) == [NONE]:
        return []
    if unknown := [name for name in names if name not in VARIANTS]:
        raise ConfigError(f"--variant: got {unknown}, expected some of {list(VARIANTS)}, or {NONE} alone")
    return [VARIANTS[name] for name in dict.fromkeys(names)] or list(VARIANTS.values())


def spoil(data: Path, variant: Variant, most: int, folder: Path) -> Path:
    """Write the training episodes of a variant; existing ones are kept.

    Args:
        data: folder of the good episodes.
        variant: the changes to apply.
        most: number of good episodes.
        folder: for the result.

    Returns:
        `folder`, or `data` itself where nothing is left out or spoiled.
    """
    count = variant.episodes_of(most)
    if not variant.fault and count == most:
        return data
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        path = episode_path(folder, index)
        if not path.is_file():
            record = read_episode(episode_path(data, index))
            if variant.fault:
                record = FAULTS[variant.fault](record, np.random.default_rng([SEED, index]))
            write_episode(path, record)
    return folder
