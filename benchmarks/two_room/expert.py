# SPDX-License-Identifier: Apache-2.0
"""Episodes of the yardstick's own expert: those of the training data, and others to draw tasks from.

Source: scripts/data/collect_tworooms.py and scripts/data/config/default.yaml of
galilai-group/stable-worldmodel, for the expert's noise and repeats, and the 100 steps.
"""

from __future__ import annotations

import numpy as np

from ami_ros.types import FloatArray
from benchmarks.two_room.world import World

NOISE, REPEATED = 2.0, 0.05  # std of an action, and share of repeated ones
MOST_STEPS = 100
DATA = 3072  # the first key of a recorded episode: the yardstick's seed
HELD_OUT = 1  # the first key of an episode that is never recorded


class Expert:
    """Walks to random places, knowing the door; the same keys give the same walk.

    Args:
        world: that it walks in, without rules.
    """

    def __init__(self, world: World) -> None:
        from stable_worldmodel.envs.two_room import ExpertPolicy

        self._world = world
        self._policy = ExpertPolicy(action_noise=NOISE, action_repeat_prob=REPEATED)
        self._policy.set_env(world.expert_sees)

    def walk(self, *keys: int) -> tuple[FloatArray, FloatArray]:
        """Return the places (S + 1, 2), px, and actions (S, 2) in [-1, 1] of a walk."""
        start, noise = np.random.SeedSequence(keys).generate_state(2)
        said = self._world.begin_anywhere(int(start))
        self._policy.set_seed(int(noise))
        places, actions = [self._world.place], list[FloatArray]()
        while len(actions) < MOST_STEPS and not self._world.ends:
            actions.append(np.asarray(self._policy.get_action(said), dtype=np.float64))
            said = self._world.act(actions[-1])
            places.append(self._world.place)
        return np.array(places), np.array(actions)
