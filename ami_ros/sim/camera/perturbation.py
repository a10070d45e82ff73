# SPDX-License-Identifier: Apache-2.0
"""`evaluate --perturb`: one kind of variation in every episode, drawn from the episode's seed."""

from __future__ import annotations

import dataclasses

import numpy as np

from ami_ros.sim.camera.variation import (
    CLEAN,
    NAMES,
    Variation,
    draw_variation,
)
from ami_ros.sim.camera.variation_settings import VariationSettings, load_variation_settings

STREAM = 92  # keeps these draws apart from others with the same seed


@dataclasses.dataclass(frozen=True)
class Perturbation:
    """One kind of variation at a scale on the range of config/variation.yaml; no name means none.

    Raises:
        ConfigError: an unknown name, or a scale out of range; raised before anything runs.
    """

    name: str = ""
    scale: float = 1.0
    exactly: bool = False
    settings: VariationSettings = dataclasses.field(default_factory=load_variation_settings)

    def __post_init__(self) -> None:
        self.variation(0)

    def variation(self, seed: int) -> Variation:
        """Return what the episode of `seed` looks like: the same on every machine."""
        names = [self.name] if self.name else []
        generator = np.random.default_rng([seed, STREAM])
        drawn = draw_variation(self.settings, generator, names, self.scale, self.exactly)
        return drawn if names else CLEAN


def every_perturbation(scale: float, exactly: bool = False) -> tuple[Perturbation, ...]:
    """Return one perturbation of each kind."""
    return tuple(Perturbation(name, scale, exactly) for name in NAMES)
