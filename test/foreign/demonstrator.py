# SPDX-License-Identifier: Apache-2.0
"""Plays a person who shows a simulated hand a task: `python test/foreign/demonstrator.py panda_hand pick 50`.

Needs the robot's simulator in this shell's ROS domain, and starts the gate. The person sees the truth, moves the hand
through the gate as a teleoperation does, less steadily than a script, and drops blocks now and then. A recorder
listens meanwhile.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectory

from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.cli.progress import progress_bar
from ami_ros.configuration import Configuration
from ami_ros.evaluation.node_group import NodeGroup
from ami_ros.ros.clients.episodes import EpisodeClient
from ami_ros.ros.wire.messages import trajectory_to_ros
from ami_ros.ros.wire.qos import PROPOSALS
from ami_ros.sim.tasks.block_task import BlockTask
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.tasks.grasping import NoisyGrasping
from ami_ros.types import FloatArray, Observation, Reading

CALM = 0.6  # share of the script's speed
REPEATS = 5  # control steps of a proposal: the gate goes on with it when the next one is late
LONGEST_S = 14.0  # of a demonstration
STAYS_S = 1.2  # that the goal must hold at its end
SETTLES_S = 0.6  # after a reset: the gate forgets where the robot was


class Truth:
    """What the simulator says of itself, as the scene that a script reads."""

    def __init__(self, task: BlockTask) -> None:
        self._blocks, self.now = list(task.blocks), {}  # type: list[str], dict[str, Any]

    def truth(self) -> dict[str, FloatArray]:
        return {name: np.array(self.now[name]) for name in ("tip", "opening")}

    def objects(self) -> dict[str, FloatArray]:
        places = np.array(self.now["objects"]).reshape(-1, 7)
        return dict(zip(self._blocks, places[:, :3], strict=False))  # a tray follows them


def proposal(spec: RobotSpec, now: dict[str, Any], action: FloatArray) -> JointTrajectory:
    """Return a message to the gate: an action (A,) from where the truth says that the body is."""
    stamp = now["stamp_ns"]
    joints = np.concatenate([now["joints"], np.zeros(len(now["joints"]))])
    readings = {"joints": joints, "fingers": np.array(now["opening"])}
    observation = Observation({name: Reading(values, stamp, stamp) for name, values in readings.items()})
    actions = np.tile(action, (REPEATS, 1, 1))
    return trajectory_to_ros(meaning_of(spec).proposal(actions, observation))


class Demonstrator(EpisodeClient):
    """Shows episodes, one after the other."""

    def __init__(self, configuration: Configuration, check: Callable[[], None]) -> None:
        task = load_task(configuration.task, configuration.spec)
        if not isinstance(task, BlockTask):
            raise SystemExit(f"got task {configuration.task}, expected one with blocks: pick, place or stack")
        self._blocks, self._scene, self._collect = task, Truth(task), configuration.collect
        self._motion: NoisyGrasping | None = None
        self._good_ns: int | None = None  # since when the goal holds
        super().__init__(configuration.spec, task, check, sees=False)
        self._proposed = self._node.create_publisher(JointTrajectory, "planner/proposed", PROPOSALS)

    def show(self, seed: int) -> bool:
        """Show the episode of `seed`; return whether its goal was reached."""
        self._call(self._estop, SetBool.Request(data=True), "safety/estop")
        self._set(seed=seed, episode_steps=0)
        self._call(self._reset, Trigger.Request(), "sim/reset")
        self._spin_for(SETTLES_S)
        self._rearm()
        generator, grip = np.random.default_rng(seed), self._blocks.grip
        script = self._blocks.oracle(self._blocks.episode(seed))
        self._motion = NoisyGrasping(grip, script, grip.aimless(self._collect, generator), generator)
        self._good_ns, began = None, time.monotonic()
        while not self._is_good() and time.monotonic() - began < LONGEST_S:
            self._spin()
        self._motion = None
        return self._is_good()

    def _spin_for(self, duration_s: float) -> None:
        end = time.monotonic() + duration_s
        while time.monotonic() < end:
            self._spin()

    def _is_good(self) -> bool:
        since = self._good_ns
        return since is not None and self._scene.now["stamp_ns"] - since > 1e9 * STAYS_S

    def _on_truth(self, message: String) -> None:
        now = self._scene.now = json.loads(message.data)
        if self._motion is None:
            return
        is_good = now["error"] <= self._blocks.yardstick.loosest.error
        self._good_ns = (self._good_ns or now["stamp_ns"]) if is_good else None
        velocity, opening = self._blocks.grip.split(self._motion.next(self._scene))
        calm = self._blocks.grip.action(CALM * velocity, opening)
        self._proposed.publish(proposal(self._spec, now, calm))


class Demonstrations(NodeGroup):
    """Starts the gate in this shell's domain, and joins it."""

    def __init__(self, configuration: Configuration, logs: Path) -> None:
        super().__init__(logs, alone=False)
        self._configuration = configuration

    def _nodes(self) -> dict[str, tuple[dict[str, Any], dict[str, str]]]:
        return {"safety": (self._configuration.node_parameters, {})}

    def _join(self) -> None:
        self.person = Demonstrator(self._configuration, self._check)
        self._open.callback(self.person.close)


def main(
    robot: Annotated[str, typer.Argument(help="With a hand.")],
    task: Annotated[str, typer.Argument(help="pick, place or stack.")],
    demonstrations: Annotated[int, typer.Argument(help="How many.", min=1)] = 50,
    seed: Annotated[int, typer.Option(help="Of the first one.")] = 1,
    logs: Annotated[Path, typer.Option(help="Folder for the gate's log.")] = Path("logs"),
) -> None:
    """Show a task, and say how often its goal was reached."""
    configuration = Configuration.load(robot, task, {})
    reached = 0
    with Demonstrations(configuration, logs) as running, progress_bar("show", demonstrations) as bar:
        for one in range(seed, seed + demonstrations):
            reached += running.person.show(one)
            bar.update(1, f"{reached} reached")
    print(f"{reached} of {demonstrations} demonstrations reached their goal")


if __name__ == "__main__":
    typer.run(main)
