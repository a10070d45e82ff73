# SPDX-License-Identifier: Apache-2.0
"""A task whose model is fitted in seconds, and knows next to nothing."""

from __future__ import annotations

from pathlib import Path

import yaml

FITTED = (
    "appearance_steps",
    "disagreement_steps",
    "temporal_steps",
    "completion_steps",
    "predictor_steps",
    "decoder_steps",
)
QUICK = {**dict.fromkeys(FITTED, 10), "batch_windows": 32, "fit_batch": 64, "hindsight_moments": 0}


def quick_task(path: Path, folder: Path) -> Path:
    """Write the task at `path` with QUICK training, and plans with any model, into a folder; return where."""
    task = yaml.safe_load(path.read_text())
    task["planner"] = {**task.get("planner", {}), "judged": False}
    task["training"] = {**task.get("training", {}), **QUICK}
    written = folder / path.name
    written.write_text(yaml.safe_dump(task))
    return written
