# SPDX-License-Identifier: Apache-2.0
"""Training of the small model on the made-up world, in seconds."""

from __future__ import annotations

from ami_ros.training.settings import load_training_settings

TRAINING = load_training_settings(
    {
        "steps": 30,
        "batch_windows": 16,
        "horizon": 3,
        "inverse_horizon": 5,
        "warmup_steps": 3,
        "learning_rate": 0.003,
        "metric_steps": 2,
        "checkpoint_steps": 12,
        "disagreement_steps": 20,
        "temporal_steps": 20,
        "predictor_steps": 20,
        "fit_batch": 64,
        "held_out": 0.25,
        "threads": 1,
        "seed": 5,
    }
)
