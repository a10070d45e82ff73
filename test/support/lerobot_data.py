# SPDX-License-Identifier: Apache-2.0
"""A data set that the real lerobot wrote (test/support/lerobot_made), and what it was told to write.

`python test/support/lerobot_data.py PYTHON` writes it again, with a Python that has lerobot.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from recorded import HEIGHT, WIDTH, joints_at, picture_at

FPS, LENGTHS, TASK = 20, (24, 30), "wave"
LATE_S = 7.0  # from the begin of one episode to that of the next, in the time of `recorded`
SIDE = 64  # px, of the wrist's video
NAMES = [f"joint_{letter}.pos" for letter in "abcd"] + ["gripper.pos"]
COLOURS = ["height", "width", "channels"]
MADE = Path(__file__).with_name("lerobot_made")
FEATURES: dict[str, dict[str, Any]] = {
    "observation.images.front": {"dtype": "image", "shape": (HEIGHT, WIDTH, 3), "names": COLOURS},
    "observation.images.wrist": {"dtype": "video", "shape": (SIDE, SIDE, 3), "names": COLOURS},
    "observation.state": {"dtype": "float32", "shape": (len(NAMES),), "names": NAMES},
    "action": {"dtype": "float32", "shape": (len(NAMES),), "names": NAMES},
}


def times_of(episode: int) -> np.ndarray:
    """Return when its frames were, s."""
    return LATE_S * episode + np.arange(LENGTHS[episode]) / FPS


def episode(index: int) -> dict[str, np.ndarray]:
    """Return what lerobot was told: joints, and where they were to be a frame later; feature -> (N, ...)."""
    times = times_of(index)
    gripper = np.full((len(times), 1), 0.5)
    states, told = (np.hstack([joints_at(t), gripper]).astype(np.float32) for t in (times, times + 1 / FPS))
    wrist = np.zeros((len(times), SIDE, SIDE, 3), np.uint8)
    wrist[...] = (40 + 5 * np.arange(len(times)))[:, None, None, None]
    front = np.stack([picture_at(time_s) for time_s in times])
    return dict(zip(FEATURES, (front, wrist, states, told), strict=True))


def peer(python: str, *arguments: str | Path) -> None:
    """Run lerobot_peer.py with a Python of its own, without what our virtual environment left behind."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    script = Path(__file__).with_name("lerobot_peer.py")
    command = [python, str(script), *map(str, arguments)]
    run = subprocess.run(
        command, env={**kept, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def write_values(path: Path) -> Path:
    """Write what `make` of the peer takes."""
    about = {"fps": FPS, "features": FEATURES, "episodes": len(LENGTHS), "task": TASK}
    told = {f"{i}/{name}": some for i in range(len(LENGTHS)) for name, some in episode(i).items()}
    np.savez(path, about=json.dumps(about), **told)
    return path


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        shutil.rmtree(MADE, ignore_errors=True)
        peer(sys.argv[1], "make", write_values(Path(folder, "told.npz")), MADE)
