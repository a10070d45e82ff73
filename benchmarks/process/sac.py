# SPDX-License-Identifier: Apache-2.0
"""A policy that learns on the plant itself: soft actor-critic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from ami_ros.cli.progress import progress_bar
from ami_ros.types import FloatArray
from benchmarks.process.plants import Plant
from benchmarks.process.world import World

SEED = 20_000_000  # of the first episode that it learns on: far from those that are judged
SHARED = 1e-3  # standard deviation of what hardly changes


class SAC:
    """Implements `Controller` with a policy that chose its own experience, where logs are given.

    Source: Haarnoja et al., "Soft actor-critic" (2018), as in stable-baselines3 with its defaults.

    Args:
        plant: which.
        seen: logged measurements (E, S + 1, X), to scale what it sees.
        steps: control steps to learn from.
        path: of the policy; one that is there is used.
    """

    def __init__(self, plant: Plant, seen: FloatArray, steps: int, path: Path) -> None:
        import stable_baselines3

        self._scale = _Scale(plant, seen)
        if not path.is_file():
            learner = stable_baselines3.SAC(
                "MlpPolicy", _Environment(plant, self._scale), seed=0, device="cpu"
            )
            with progress_bar(f"SAC, {steps} steps", steps) as bar:

                def go_on(*_: Any) -> bool:
                    bar.update(1)
                    return True

                learner.learn(steps, callback=go_on)
            path.parent.mkdir(parents=True, exist_ok=True)
            learner.save(path)
        self._policy = stable_baselines3.SAC.load(path, device="cpu")

    def begin(self, world: World) -> None:
        """Nothing to remember."""

    def act(self, world: World, seen: FloatArray) -> FloatArray:
        """Return the policy's inputs (M,)."""
        action, _ = self._policy.predict(self._scale.observation(world, seen), deterministic=True)
        return self._scale.inputs(action)


class _Scale:
    """What a policy sees and does, as numbers around zero."""

    def __init__(self, plant: Plant, seen: FloatArray) -> None:
        states = seen.reshape(-1, seen.shape[-1])
        self._mean, self._std = states.mean(axis=0), states.std(axis=0) + SHARED * np.abs(states).max(axis=0)
        self._middle = 0.5 * (np.array(plant.low) + np.array(plant.high))
        self.half = 0.5 * (np.array(plant.high) - np.array(plant.low))
        at = [list(plant.states.values()).index(name) for name in plant.tracked]
        self._goal_mean, self._goal_std = self._mean[at], self._std[at]
        self.size = len(self._mean) + len(at) + len(self.half)

    def observation(self, world: World, seen: FloatArray) -> FloatArray:
        """Return what is measured, the set points, and the last inputs."""
        goal = (np.array([*world.goal().values()]) - self._goal_mean) / self._goal_std
        now = (world.inputs - self._middle) / self.half
        return np.concatenate([(seen - self._mean) / self._std, goal, now], dtype=np.float32)

    def inputs(self, action: FloatArray) -> FloatArray:
        """Return the inputs (M,) of an action (M,) in [-1, 1]."""
        inputs: FloatArray = self._middle + self.half * action
        return inputs


class _Environment(gymnasium.Env[Any, Any]):
    """Episodes of a plant, one after the other."""

    def __init__(self, plant: Plant, scale: _Scale) -> None:
        self._world, self._scale, self._episode = World(plant), scale, 0
        self.observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (scale.size,))
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (len(scale.half),))

    def reset(self, **_: Any) -> tuple[FloatArray, dict[str, Any]]:
        seen = self._world.begin(SEED + self._episode)
        self._episode += 1
        return self._scale.observation(self._world, seen), {}

    def step(self, action: FloatArray) -> tuple[FloatArray, float, bool, bool, dict[str, Any]]:
        try:
            seen, reward = self._world.act(self._scale.inputs(action))
        except RuntimeError:  # of pc-gym's integrator
            observation, _ = self.reset()
            return observation, 0.0, True, False, {}
        return self._scale.observation(self._world, seen), reward, False, self._world.ends, {}
