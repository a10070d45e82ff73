# SPDX-License-Identifier: Apache-2.0
"""Learning rate over time: linear warm-up, then a cosine to zero."""

from __future__ import annotations

import math

from ami_ros.training.settings import TrainingSettings


def learning_rate(step: int, settings: TrainingSettings) -> float:
    """Return the rate at `step` (0-based).

    Source: Loshchilov and Hutter, "SGDR" (2017), eq. 5 with one period.
    """
    warm = min(1.0, (step + 1) / max(1, settings.warmup_steps))
    done = max(0, step - settings.warmup_steps) / max(1, settings.steps - settings.warmup_steps)
    return settings.learning_rate * warm * 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))
