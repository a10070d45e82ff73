# SPDX-License-Identifier: Apache-2.0
"""Reads and writes data sets with the real lerobot: run by a Python that has it, which is never ours.

lerobot_peer.py make VALUES.npz FOLDER       values: "<episode>/<feature>", and "about" as JSON
lerobot_peer.py read FOLDER VALUES.npz       values: feature -> one of each frame
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset


def make(values: Path, folder: Path) -> None:
    with np.load(values) as file:
        about = json.loads(str(file["about"]))
        episodes = [
            {name: file[f"{i}/{name}"] for name in about["features"]} for i in range(about["episodes"])
        ]
    dataset = LeRobotDataset.create("local/made", about["fps"], about["features"], root=folder)
    for episode in episodes:
        for frame in range(len(episode["action"])):
            dataset.add_frame(
                {**{name: some[frame] for name, some in episode.items()}, "task": about["task"]}
            )
        dataset.save_episode()
    dataset.finalize()


def read(folder: Path, values: Path) -> None:
    dataset = LeRobotDataset("local/read", root=folder, video_backend="pyav")
    frames = [dataset[at] for at in range(len(dataset))]
    found = {name: np.stack([np.asarray(frame[name]) for frame in frames]) for name in frames[0]}
    about = {"episodes": dataset.num_episodes, "fps": dataset.fps, "version": str(dataset.meta._version)}
    stats = {f"stats/{name}/mean": some["mean"] for name, some in dataset.meta.stats.items()}
    np.savez(values, about=json.dumps(about), **found, **stats)


if __name__ == "__main__":
    {"make": make, "read": read}[sys.argv[1]](*map(Path, sys.argv[2:]))
