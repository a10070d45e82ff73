# SPDX-License-Identifier: Apache-2.0
"""The explorer as a planner: bodies that do just what is proposed show where it leads them."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
from bodies.yaml_bodies import mobile_base, process_body

from ami_ros.body.actions import ActionSpec, Channel
from ami_ros.body.kinematics import Kinematics
from ami_ros.body.meanings.by_name import meaning_of
from ami_ros.body.polygon import room
from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.errors import ConfigError, EmbodimentError, GoalError
from ami_ros.exploration.planner import ExploringPlanner
from ami_ros.exploration.settings import load_explorer_settings
from ami_ros.types import Goal, Level, Observation, Reading

PANDA = load_robot("panda", "reach")
HUSKY = load_robot("husky", "drive")
START_NS = 5_000_000_000


class Ideal:
    """A body that does what is proposed, unless it is held."""

    def __init__(self, spec: RobotSpec, **settings: object) -> None:
        few = {"minutes": 1000.0, "least_growth": 0.0, **settings}
        self.spec, self.planner = spec, ExploringPlanner(spec, load_explorer_settings(few))
        self.meaning, self.now_ns = meaning_of(spec), START_NS
        self.channels, self.pose = spec.home.copy(), np.zeros(3)
        self.blocked, self.command = False, spec.home.copy()
        self.actions: list[np.ndarray] = []

    def observe(self) -> Observation:
        spec, values = self.spec, {}
        if spec.arms:
            values[spec.joint_sensor] = np.concatenate([self.channels, np.zeros_like(self.channels)])
        elif spec.base is not None:
            values |= {"wheels": self.channels, "pose": self.pose}
        else:
            values |= {s.name: np.zeros(s.size) for s in spec.vectors}
        return Observation({name: Reading(v, self.now_ns, self.now_ns) for name, v in values.items()})

    def step(self) -> None:
        observation = self.observe()
        plan = self.planner.plan(observation)
        self.actions.append(plan.actions.reshape(-1, self.spec.action_size)[0])
        points = self.meaning.proposal(plan.actions, observation).positions
        wanted = points[1]
        # A gate goes on from its own commands, and is not where the arm is.
        self.command = wanted if not self.blocked else self.command + wanted - points[0]
        self.planner.obey(self.command if self.spec.arms else wanted)
        self.now_ns += self.spec.step_ns
        if self.blocked:
            return
        self.channels = wanted
        if self.spec.base is not None:
            step_s, (vx, wz) = self.spec.step_ns / 1e9, wanted
            self.pose = self.pose + step_s * np.array(
                [vx * math.cos(self.pose[2]), vx * math.sin(self.pose[2]), wz]
            )

    def run(self, steps: int) -> Ideal:
        for _ in range(steps):
            self.step()
        return self


def test_an_arm_covers_its_workspace_slowly_smoothly_and_from_inside():
    arm, forward = Ideal(PANDA, cells=4, top_speed=0.3), Kinematics(PANDA).forward
    tips = []
    for _ in range(450):
        arm.step()
        tips.append(forward(arm.channels)[0])
    inside = np.array(tips[30:])  # from home it comes in first
    assert (inside > PANDA.workspace[0] - 2e-3).all() and (inside < PANDA.workspace[1] + 2e-3).all()
    assert arm.planner.progress.body > 0.6
    actions = np.array(arm.actions)
    assert np.abs(actions).max() <= 0.3 * 0.4 + 1e-9, "the share of the speed"
    assert np.abs(np.diff(actions, axis=0)).max() < 0.3 * 0.4 * 1.7, "it turns back, it does not bounce"
    assert arm.planner.progress.contacts == 0


def test_it_gets_faster_the_better_it_knows_its_space_and_the_less_time_is_left():
    arm, forward = Ideal(PANDA, cells=4), Kinematics(PANDA).forward
    tips = []
    for _ in range(1200):
        arm.step()
        tips.append(forward(arm.channels)[0])
    speeds = np.abs(arm.actions).max(axis=1) / 0.4
    assert speeds[:50].max() < 0.4 < 0.9 < speeds[-300:].max() <= 1.0 + 1e-9
    assert np.mean(speeds[-300:] > 0.5) > 0.3
    inside = np.array(tips[30:])
    assert (inside > PANDA.workspace[0] - 2e-3).all() and (inside < PANDA.workspace[1] + 2e-3).all()
    assert np.abs(np.diff(arm.actions, axis=0)).max() < 0.4 * 1.7
    assert arm.planner.progress.contacts == 0 and arm.planner.coverage.fast.share > 0.5
    base = Ideal(HUSKY, minutes=1.0, cells=4).run(300)
    speeds = np.abs(np.array(base.actions) / HUSKY.actions.half_range).max(axis=1)
    assert speeds[:30].max() < 0.45 and speeds[-100:].max() > 0.6


def test_it_covers_more_than_motion_that_is_not_drawn_anywhere():
    drawn, plain = (Ideal(PANDA, cells=5, pull=pull).run(400) for pull in (1.0, 0.0))
    assert drawn.planner.progress.body > 1.3 * plain.planner.progress.body


def test_joints_stay_within_their_limits_and_the_tip_in_its_workspace():
    channels = tuple(Channel(name, "rad/s", -0.5, 0.5) for name in PANDA.joint_names)
    spec = PANDA.with_group(actions=ActionSpec("joint_velocity", 10.0, 1, channels))
    arm, forward = Ideal(spec).run(150), Kinematics(spec).forward
    tip = forward(arm.channels)[0]
    assert (tip > spec.workspace[0] - 0.02).all() and (tip < spec.workspace[1] + 0.02).all()
    assert arm.planner.coverage.cells.share > 0.02


def test_a_base_stays_in_its_area():
    base = Ideal(HUSKY, cells=4)
    rooms = []
    for _ in range(350):
        base.step()
        rooms.append(room(base.pose[None, :2], HUSKY.base.keep_in)[0])
    assert min(rooms) > HUSKY.base.radius - 0.02
    assert base.planner.coverage.cells.share > 0.2


def test_set_points_go_through_their_ranges_and_are_held_where_they_are(tmp_path):
    spec = load_robot(process_body(tmp_path))
    plant = Ideal(spec, cells=3, minutes=2.0).run(1100)
    assert plant.planner.coverage.cells.share == 1.0
    low, high = spec.actions.centre - spec.actions.half_range, spec.actions.centre + spec.actions.half_range
    assert (np.array(plant.actions) >= low).all() and (np.array(plant.actions) <= high).all()
    before = plant.channels
    plant.planner.judge(Level.STOP)
    plant.run(3)
    np.testing.assert_allclose(plant.channels, before)


def with_range(spec: RobotSpec, name: str, low: float, high: float) -> RobotSpec:
    channels = [
        dataclasses.replace(one, low=low, high=high) if one.name == name else one
        for one in spec.actions.channels
    ]
    return spec.with_group(actions=dataclasses.replace(spec.actions, channels=tuple(channels)))


@pytest.mark.parametrize(
    ("spec", "index"),
    [(with_range(PANDA, "y", -0.1, 0.4), 1), (with_range(HUSKY, "vx", -0.1, 0.5), 0)],
    ids=["arm", "base"],
)
def test_a_channel_is_used_as_far_as_it_reaches_each_way(spec, index):
    body = Ideal(spec, speed=1.0, cells=3).run(round(30 * spec.actions.rate_hz))
    asked, actions = np.array(body.actions), spec.actions
    assert (asked >= actions.low - 1e-9).all() and (asked <= actions.high + 1e-9).all()
    assert asked[:, index].max() > actions.half_range[index], "more than half of its width"
    assert asked[:, index].min() < 0.0


def test_a_base_that_cannot_go_backward_covers_its_area():
    base = Ideal(with_range(HUSKY, "vx", 0.0, 0.5), cells=4).run(300)
    assert (np.array(base.actions)[:, 0] >= 0.0).all()
    assert base.planner.coverage.cells.share > 0.1


def test_a_base_that_nothing_keeps_somewhere_is_refused(tmp_path):
    with pytest.raises(EmbodimentError, match="needs an area that it must not leave"):
        ExploringPlanner(load_robot(mobile_base(tmp_path)), load_explorer_settings())


def test_goals_are_refused():
    planner = Ideal(PANDA).planner
    planner.set_goal(None)
    with pytest.raises(GoalError, match="the explorer chooses its own targets"):
        planner.set_goal(Goal(vectors={"joints": PANDA.home}))


@pytest.mark.parametrize("spec", [PANDA, HUSKY], ids=["arm", "base"])
def test_held_back_it_goes_back_the_way_that_it_came_and_avoids_the_place(spec):
    body = Ideal(spec).run(60)
    came = [place.copy() for place in body.planner._came]
    body.blocked = True
    for _ in range(40):
        if body.planner.progress.contacts:
            break
        body.step()
    planner = body.planner
    assert planner.progress.contacts == 1
    assert sum(costs.sum() for costs in planner.coverage.cells._costs) >= 1
    assert any(np.allclose(planner._back, place) for place in [*came, *planner._came])
    body.blocked, before = False, planner._territory.place(body.observe())
    body.run(5)
    moved = planner._territory.place(body.observe()) - before
    assert float(moved[:2] @ (planner._came[0] - before)[:2]) >= 0.0


def test_a_stop_ends_an_episode_and_a_rearm_begins_the_next():
    arm = Ideal(PANDA).run(20)
    before = arm.planner.progress
    arm.planner.judge(Level.STOP)
    arm.run(5)
    assert not np.array(arm.actions[-5:]).any(), "it holds"
    assert arm.planner.progress.moved_s == before.moved_s, "and time does not count"
    arm.planner.judge(Level.HOLD)
    arm.planner.judge(Level.PASS)
    arm.run(20)
    assert arm.planner.progress.episodes == 2 and arm.planner.progress.body > before.body
    first = np.abs(arm.actions[-20]).max()
    assert first < 0.5 * np.abs(arm.actions).max(), "from rest"


def test_it_ends_after_its_minutes_and_when_nothing_is_new(tmp_path):
    timed = Ideal(PANDA, minutes=0.1).run(65)
    assert timed.planner.finished == "0.1 minutes are over" and not timed.actions[-1].any()
    assert timed.planner.progress.left_s == 0.0 and timed.planner.progress.finished == 1.0
    full = Ideal(load_robot(process_body(tmp_path)), cells=2, least_growth=0.01).run(450)
    assert "hardly anything new" in full.planner.finished
    assert 60.0 < full.planner.progress.moved_s < 89.0


def test_it_resumes_from_json_in_a_new_episode():
    arm, again = Ideal(PANDA).run(50), Ideal(PANDA)
    state = json.loads(json.dumps(arm.planner.state()))
    again.planner.resume(state)
    first, then = arm.planner.progress, again.planner.progress
    assert (then.body, then.moved_s, then.episodes) == (first.body, first.moved_s, 2)
    assert then.left_s == 60_000.0, "the minutes are of a session"
    for bad in ({}, {**state, "robot": "ur5"}, {**state, "format": 2}, {**state, "episodes": -1}):
        with pytest.raises(ConfigError, match="expected"):
            Ideal(PANDA).planner.resume(bad)


def test_the_same_seed_gives_the_same_motion():
    one, same, other = (Ideal(PANDA, seed=seed).run(30) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.actions, same.actions)
    assert not np.array_equal(one.actions, other.actions)


def test_a_stop_before_any_motion_ends_no_episode():
    arm = Ideal(PANDA)
    for level in (Level.STOP, Level.HOLD, Level.PASS):  # the gate's history, which who joins late hears first
        arm.planner.judge(level)
    arm.run(20)
    assert arm.planner.progress.episodes == 1 and arm.planner.progress.moved_s > 0.0
