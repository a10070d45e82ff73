# SPDX-License-Identifier: Apache-2.0
"""Random motion through the gate, recorded: the data a world model is trained on."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from ami_ros.config import setting
from ami_ros.data.episode import EpisodeRecord, write_episode
from ami_ros.data.manifest import claim
from ami_ros.embodiment import RobotSpec, load_robot
from ami_ros.errors import ConfigError
from ami_ros.kinematics import Kinematics
from ami_ros.planning.chunk import to_trajectory
from ami_ros.safety.settings import load_safety_settings
from ami_ros.sim.closed_loop import ClosedLoop
from ami_ros.sim.scene import Scene
from ami_ros.types import FloatArray


@dataclass(frozen=True)
class CollectSettings:
    """config/collect.yaml."""

    episodes: int = setting("episodes to record", ge=1, le=1_000_000)
    episode_steps: int = setting("control steps per episode", ge=2, le=10_000)
    image_size: int = setting("side of the stored square images", ge=16, le=512, unit="px")
    physics_hz: float = setting("simulation steps per second", ge=100.0, le=2000.0, unit="Hz")
    seed: int = setting("seed of the data set", ge=0)
    correlation: float = setting("step-to-step correlation of the random motion", ge=0.0, lt=1.0)
    amplitude: tuple[float, ...] = setting(
        "range of the motion's std, share of max_tip_speed", ge=0.0, le=3.0
    )
    workers: int = setting("processes", ge=1, le=256)

    def __post_init__(self) -> None:
        if len(self.amplitude) != 2 or self.amplitude[0] > self.amplitude[1]:
            raise ConfigError(f"amplitude: got {list(self.amplitude)}, expected [smallest, largest]")


class RandomMotion:
    """Ornstein-Uhlenbeck tip velocities whose amplitude is drawn anew each episode.

    Source: Uhlenbeck and Ornstein, "On the theory of the Brownian motion" (1930), discretised.
    """

    def __init__(self, spec: RobotSpec, settings: CollectSettings, generator: np.random.Generator) -> None:
        self._spec = spec
        self._correlation = settings.correlation
        self._generator = generator
        self._std = generator.uniform(settings.amplitude[0], settings.amplitude[1]) * spec.max_tip_speed
        self._velocity = generator.normal(size=3) * self._std

    def next(self, tip: FloatArray) -> FloatArray:
        """Return the next action (3,) in m/s; bounces off the walls of the workspace box."""
        keep = self._correlation
        noise = self._generator.normal(size=3) * self._std
        self._velocity = keep * self._velocity + np.sqrt(1.0 - keep**2) * noise
        lower, upper = self._spec.workspace
        outward = ((tip < lower + 0.01) & (self._velocity < 0)) | (
            (tip > upper - 0.01) & (self._velocity > 0)
        )
        self._velocity = np.where(outward, -self._velocity, self._velocity)
        return np.clip(self._velocity, -self._spec.max_tip_speed, self._spec.max_tip_speed)


class Collector:
    """Records episodes in one process; episode i is the same whichever worker records it."""

    def __init__(self, spec: RobotSpec, settings: CollectSettings) -> None:
        self._spec, self._settings = spec, settings
        self._kinematics = Kinematics(spec)
        self._scene = Scene(spec, settings.physics_hz)
        self._loop = ClosedLoop(self._scene, spec, load_safety_settings())

    def record(self, index: int) -> EpisodeRecord:
        """Record episode `index` of the data set."""
        generator = np.random.default_rng([self._settings.seed, index])
        self._scene.reset(self._kinematics.draw(generator))
        self._loop.restart()
        motion = RandomMotion(self._spec, self._settings, generator)
        size = (self._settings.image_size, self._settings.image_size)
        rows: dict[str, list[np.ndarray]] = {name: [] for name in EpisodeRecord.__dataclass_fields__}
        for step in range(self._settings.episode_steps + 1):
            observation, tip = self._scene.observe(), self._scene.tip()
            rows["images"].append(cv2.resize(observation.image, size, interpolation=cv2.INTER_AREA))
            rows["joint_position"].append(observation.joint_position)
            rows["joint_velocity"].append(observation.joint_velocity)
            rows["tip"].append(tip)
            if step < self._settings.episode_steps:
                action = motion.next(tip)
                rows["actions"].append(action)
                proposal = to_trajectory(action[None, None], observation, self._spec, self._kinematics)
                self._loop.step(proposal, observation)
        images = np.stack(rows.pop("images"))
        return EpisodeRecord(
            images=images, **{name: np.asarray(values, dtype=np.float32) for name, values in rows.items()}
        )


_collector: Collector | None = None


def _start_worker(robot: str, settings: CollectSettings) -> None:
    global _collector
    cv2.setNumThreads(1)
    _collector = Collector(load_robot(robot), settings)


def _record(folder: Path, index: int) -> int:
    if _collector is None:
        raise RuntimeError("worker not started")
    write_episode(episode_path(folder, index), _collector.record(index))
    return index


def episode_path(folder: Path, index: int) -> Path:
    """Return where episode `index` of a data set lies."""
    return folder / f"episode_{index:06d}.npz"


def collect(robot: str, settings: CollectSettings, folder: Path) -> Iterator[int]:
    """Record what is missing in `folder`, yielding the index of each finished episode.

    Episodes that are already there are kept, so a killed run goes on where it was.

    Raises:
        EpisodeError: the folder holds episodes made with other settings.
    """
    load_robot(robot)  # a bad name fails here, once: a pool starts workers that fail to start again, for ever
    # How many, and by how many processes, does not change what an episode is.
    made_with = {k: v for k, v in vars(settings).items() if k not in ("episodes", "workers")}
    claim(folder, {"robot": robot, **made_with})
    missing = [i for i in range(settings.episodes) if not episode_path(folder, i).is_file()]
    context = multiprocessing.get_context("spawn")
    with context.Pool(settings.workers, _start_worker, (robot, settings)) as pool:
        yield from pool.imap_unordered(partial(_record, folder), missing, chunksize=4)
