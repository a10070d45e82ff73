# SPDX-License-Identifier: Apache-2.0
"""Data sets as other programs write them, in the format v2.1: a file per episode, and columns of two arms and a hand.

A bright square moves with the right arm's first joint.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from recorded import HEIGHT, WIDTH, joints_at, picture_at

from ami_ros.recordings.lerobot.video_output import VideoFiles

FPS, LENGTHS = 20, (44, 50, 47, 52)
NAMES = ["left_0", "left_1", "right_0", "right_1", "right_hand"]
CAMERA = "observation.images.head"
VIDEOS = "videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4"
DATA = "data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet"
LATE_S = 7.0  # from the beginning of one episode to that of the next


def state_of(episode: int, later_s: float = 0.0) -> np.ndarray:
    """Return the values (N, 5) of an episode: the left arm stands still, the hand has ticks."""
    joints = joints_at(LATE_S * episode + np.arange(LENGTHS[episode]) / FPS + later_s)
    moving = joints[:, 1] - joints_at(0.0)[1]
    still = np.zeros(len(moving))
    hand = np.round(128 + 300 * moving).clip(0, 255)
    return np.stack([still + 0.3, still - 0.2, moving, joints[:, 3], hand], axis=1).astype(np.float32)


def write_old(
    folder: Path,
    names: Any = NAMES,
    features: tuple[str, str] = ("observation.state", "action"),
    videos: str = VIDEOS,
    **info: Any,
) -> Path:
    """Write a data set.

    Args:
        folder: to write.
        names: of the columns, as in meta/info.json.
        features: names of state and action.
        videos: template of the place where videos really are.
        info: other entries of meta/info.json.
    """
    numbers = {"dtype": "float32", "shape": [len(NAMES)], "names": names}
    colours = ["height", "width", "channels"]
    about = {
        "codebase_version": "v2.1",
        "fps": FPS,
        "total_episodes": len(LENGTHS),
        "total_frames": sum(LENGTHS),
        "chunks_size": 1000,
        "data_path": DATA,
        "video_path": VIDEOS,
        "features": {
            **dict.fromkeys(features, numbers),
            CAMERA: {"dtype": "video", "shape": [HEIGHT, WIDTH, 3], "names": colours},
            "timestamp": {"dtype": "float32", "shape": [1], "names": None},
        },
        **info,
    }
    (folder / "meta").mkdir(parents=True)
    (folder / "meta/info.json").write_text(json.dumps(about))
    listed = [{"episode_index": i, "tasks": ["wave"], "length": n} for i, n in enumerate(LENGTHS)]
    (folder / "meta/episodes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in listed))
    for episode, length in enumerate(LENGTHS):
        _write_rows(folder, episode, length, features)
        pictures = [picture_at(LATE_S * episode + frame / FPS) for frame in range(length)]
        _write_video(folder, video_of(episode, videos), np.stack(pictures))
    return folder


def video_of(episode: int, template: str = VIDEOS) -> str:
    return template.format(episode_chunk=0, episode_index=episode, video_key=CAMERA)


def _write_rows(folder: Path, episode: int, length: int, features: tuple[str, str]) -> None:
    path = folder / DATA.format(episode_chunk=0, episode_index=episode)
    path.parent.mkdir(parents=True, exist_ok=True)
    told = dict(zip(features, (state_of(episode), state_of(episode, 1 / FPS)), strict=True))
    table = {
        **{name: list(values) for name, values in told.items()},
        "timestamp": pa.array(np.arange(length) / FPS, pa.float32()),
        "frame_index": np.arange(length),
        "episode_index": np.full(length, episode),
    }
    pq.write_table(pa.table(table), path)


def _write_video(folder: Path, path: str, pictures: np.ndarray) -> None:
    files = VideoFiles(folder / "new", CAMERA, (HEIGHT, WIDTH), FPS)
    files.write(pictures)
    files.close()
    (written,) = (folder / "new").rglob("*.mp4")
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    written.rename(folder / path)
