# SPDX-License-Identifier: Apache-2.0
"""Settings of the judgement: config/judgement.yaml."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ami_ros.errors import ConfigError
from ami_ros.model.judging.parts import PARTS
from ami_ros.settings.fields import load_settings, setting
from ami_ros.settings.share import config_path


@dataclass(frozen=True)
class Curve:
    """Success as a logistic curve over one part.

    Source: Cox, "The regression analysis of binary sequences" (1958).
    """

    middle: float = setting("value at which half of the goals are reached", ge=-10.0, le=10.0)
    width: float = setting("distance from there to the value at which 73 % are", gt=0.0, le=10.0)

    def __call__(self, value: float) -> float:
        """Return the success at a part's value, 0 to 1."""
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, (value - self.middle) / self.width))))


@dataclass(frozen=True)
class JudgementSettings:
    """What a model must show on held-out episodes before it may plan."""

    least_success: float = setting("expected success below which a model may not plan", ge=0.0, le=1.0)
    blocks: int = setting("action blocks ahead at which predictions are judged", ge=1, le=100)
    trusted_error: float = setting(
        "largest error of a trusted prediction, share of a guess's error", gt=0.0, lt=1.0
    )
    measured: tuple[str, ...] = setting(
        "meanings of the actions of the models that the curves were fitted to; others are not judged by them"
    )
    curves: Mapping[str, Any] = setting("curve of success over each part", sections=lambda name: Curve)

    def __post_init__(self) -> None:
        if set(self.curves) != set(PARTS):
            raise ConfigError(f"curves: got {sorted(self.curves)}, expected {sorted(PARTS)}")


def load_judgement_settings() -> JudgementSettings:
    """Read config/judgement.yaml. Raises ConfigError."""
    return load_settings(JudgementSettings, config_path("judgement.yaml"))
