# SPDX-License-Identifier: Apache-2.0
"""Episodes of a made-up world: a bright square that the action moves, seen by a 32 pixel camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ami_ros.episodes.episode import EpisodeRecord, write_episode
from ami_ros.episodes.recorded_body import RecordedBody

STEPS, SIDE, JOINTS, ACTION, OBJECTS = 9, 32, 4, 3, 2
SPEED = 0.4  # action of size 1
STEP_S = 0.1  # of `made_up_robot`
SQUARE = 8  # px
LETTERS = "abcd"
# That of `made_up_robot`.
BODY = RecordedBody(
    images=("camera",),
    vectors={"joints": tuple(f"joint_{letter} [{unit}]" for unit in ("rad", "rad/s") for letter in LETTERS)},
    channels=("x [m/s]", "y [m/s]", "z [m/s]"),
)


def record(seed: int, steps: int = STEPS, side: int = SIDE) -> EpisodeRecord:
    """Return one episode; the square's place is a function of the joints, which integrate the actions."""
    generator = np.random.default_rng(seed)
    actions = generator.uniform(-SPEED, SPEED, (steps, ACTION)).astype(np.float32)
    start = generator.uniform(-0.3, 0.3, (1, ACTION))
    tip = np.concatenate([start, start + 0.5 * np.cumsum(actions, axis=0)]).clip(-1.0, 1.0).astype(np.float32)
    velocity = np.gradient(tip, STEP_S, axis=0).astype(np.float32)
    images = np.full((steps + 1, side, side, 3), 30, np.uint8)
    for frame, (x, y, z) in zip(images, tip, strict=True):
        row, column = (int((1.0 + value) / 2 * (side - SQUARE)) for value in (x, y))
        frame[row : row + SQUARE, column : column + SQUARE] = (230, int(128 + 100 * z), 60)
    widen = np.array([[1.0, 0.0, 0.0, 0.5], [0.0, 1.0, 0.0, -0.5], [0.0, 0.0, 1.0, 0.2]], np.float32)
    objects = np.stack([tip, -tip], axis=1)
    return EpisodeRecord(
        images={"camera": images},
        vectors={"joints": np.concatenate([tip @ widen, velocity @ widen], axis=1)},
        actions=actions,
        truth={"tip": tip, "objects": objects},
        look=np.asarray(seed, dtype=np.int64),
        body=BODY,
    )


def write_episodes(folder: Path, count: int, first_seed: int = 0, **sizes: int) -> list[Path]:
    """Write `count` episodes and return their paths."""
    paths = [folder / f"episode_{index:06d}.npz" for index in range(count)]
    for index, path in enumerate(paths):
        write_episode(path, record(first_seed + index, **sizes))
    return paths
