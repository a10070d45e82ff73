# SPDX-License-Identifier: Apache-2.0
"""A hand that breaks, or loses its block, in mid-lift: the gate names it and opens nothing; the script tries again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

from robots import blind

from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.errors import ConfigError
from ami_ros.safety.settings import load_safety_settings
from ami_ros.sim.faults.catalogue import Catalogue
from ami_ros.sim.faults.injection import FaultInjection
from ami_ros.sim.loop.step_loop import StepLoop
from ami_ros.sim.tasks.block_task import BlockTask
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.tasks.task import Episode
from ami_ros.sim.world.open_world import open_world
from ami_ros.sim.world.world import Stage, as_stage
from ami_ros.types import Command, Level, Observation, Reading, Verdict

GRIP = ("gripper_stuck", "gripper_slips", "object_dropped", "object_moved", "object_removed")
SEED, LIFTED = 3, 0.03  # m
STILL = 1e-9


class Told(StepLoop):
    """A loop whose sensors may break, and which notes what the gate says and how far commands open the hand."""

    injection: FaultInjection

    def restart(self) -> None:
        super().restart()
        self.codes: set[str] = set()
        self.opened_in_hold = 0.0
        self._before: float | None = None

    def _see(self, observation: Observation) -> None:
        readings = {}
        for name, reading in observation.readings.items():
            if reading.is_image:
                readings[name] = reading
                continue
            for values, stamp_ns in self.injection.vectors(name, reading.value, reading.stamp_ns):
                readings[name] = Reading(values, stamp_ns, reading.arrival_ns)
        super()._see(Observation(readings))

    def _ticked(self, command: Command | None, verdict: Verdict) -> None:
        if command is None:
            return
        opening = float(command.position[-1])
        if verdict.level >= Level.HOLD:
            self.codes |= {reason.code for reason in verdict.reasons}
            self.opened_in_hold += max(0.0, opening - (opening if self._before is None else self._before))
        self._before = opening


@dataclasses.dataclass
class Lift:
    """A block in the hand, above the table."""

    loop: Told
    stage: Stage
    act: Callable[[float | None], None]
    height: Callable[[], float]


@pytest.fixture(scope="module")
def spec() -> RobotSpec:
    return blind("panda_hand", "pick")


@pytest.fixture
def room(spec) -> Iterator[tuple[BlockTask, Stage, Episode]]:
    """Return the task, its world at the start of an episode, and the episode."""
    task, stage = load_task("pick", spec), as_stage(open_world(spec, 200.0))
    task.furnish(stage)
    episode = task.episode(SEED)
    stage.reset(episode.start, episode.start_objects)
    yield task, stage, episode
    stage.close()


@pytest.fixture
def lift(room, spec) -> Lift:
    task, stage, episode = room
    loop, script = Told(stage, spec, load_safety_settings()), task.oracle(episode)
    loop.injection = FaultInjection(stage, spec, task)
    name = task.moved(episode)
    at = float(episode.start_objects[name][2])

    def act(opening: float | None = None) -> None:
        """Take a step of the script, or stand still with an opening of the hand, m."""
        action = script.next(stage)
        if opening is not None:
            action = task.grip.action(np.zeros(3), opening)
        loop.act(action[None, None], stage.observe())

    def height() -> float:
        return float(stage.objects()[name][2]) - at

    for _ in range(60):
        act()
        if height() > LIFTED:
            break
    assert height() > LIFTED and not loop.codes
    return Lift(loop, stage, act, height)


def broken(lift: Lift, name: str, opening: float | None = None, steps: int = 20) -> None:
    """Break something for 2 s, in which the script goes on, or the hand stands still with an opening, m."""
    lift.loop.injection.want(name, SEED, lift.stage.time_ns)
    for _ in range(steps):
        lift.act(opening)
    assert lift.loop.injection.since_ns is not None


@pytest.mark.parametrize("name", ["gripper_slips", "object_dropped", "object_moved", "object_removed"])
def test_a_lost_block_is_named_and_nothing_opens(lift, name):
    broken(lift, name, opening=0.04)  # still squeezing
    assert "GRIP_LOST" in lift.loop.codes
    assert lift.loop.opened_in_hold < STILL
    assert lift.height() < LIFTED


@pytest.mark.parametrize("name", ["gripper_stuck", "fingers_lie"])
def test_fingers_that_do_not_open_when_they_are_told_are_stuck(lift, name):
    broken(lift, name, opening=0.08)
    assert "GRIPPER_STUCK" in lift.loop.codes


def test_fingers_that_nobody_measures_stay_closed(lift):
    broken(lift, "gripper_silent")
    assert lift.loop.codes & {"GRIPPER_SILENT", "VECTOR_STALE"}
    assert lift.loop.opened_in_hold < STILL
    assert lift.height() > 0.5 * LIFTED


@pytest.mark.parametrize("name", ["object_dropped", "gripper_slips"])
def test_after_a_drop_the_script_tries_again(lift, name):
    broken(lift, name)
    lift.loop.injection.want("", 0, lift.stage.time_ns)
    for _ in range(100):
        lift.act()
        if lift.height() > 2.0 * LIFTED:
            return
    pytest.fail(f"{lift.height():.3f} m above its place after 10 s")


def test_what_is_not_in_the_hand_is_not_dropped(room, spec):
    task, stage, _ = room
    injection = FaultInjection(stage, spec, task)
    injection.want("object_dropped", 1, stage.time_ns)
    injection.vectors("fingers", np.array([0.08]), stage.time_ns)
    assert injection.since_ns is None


def test_only_a_body_with_a_hand_has_such_faults(spec):
    assert set(GRIP) | {"gripper_silent", "fingers_lie"} <= set(Catalogue(spec).faults)
    without = Catalogue(load_robot("panda", "reach"))
    assert {without.left_out[name] for name in GRIP} == {"it needs a simulated gripper"}
    with pytest.raises(ConfigError, match="needs a simulated gripper"):
        without.find("gripper_stuck")
