# SPDX-License-Identifier: Apache-2.0
"""Hindsight knows who does what was done, who stands still, and who has never looked at the goal."""

from __future__ import annotations

import dataclasses
import time
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

from ami_ros.body.actions import ActionSpec, Channel
from ami_ros.body.groups import Group
from ami_ros.body.outputs import Output
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.body.simulation import NoSimulation
from ami_ros.configuration import Configuration
from ami_ros.evaluation.hindsight import AHEAD_S, hindsight, plans_of_hindsight
from ami_ros.model.known import KnownVector
from ami_ros.model.runtime import load_model
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.where_plans_lead import expected_readings
from ami_ros.settings.share import shipped_model
from ami_ros.sim.collect.episodes import Collector

STEPS, MOMENTS = 32, 6
WANTED = Configuration.load("panda", "reach", {"collect": {"episode_steps": STEPS, "workers": 1}})


@pytest.fixture(scope="module")
def episodes():
    collector = Collector(WANTED)
    return [collector.record(index) for index in range(2)]


class Fixed:
    """Proposes the same actions whatever it sees, or those that were recorded from what it sees on."""

    def __init__(self, episodes=(), action=(0.0, 0.0, 0.0)):
        self.episodes, self.action = episodes, np.array(action)

    def restart(self):
        pass

    def set_goal(self, goal):
        assert goal.images and goal.squared

    def plan(self, observation):
        block, joints = WANTED.spec.action_block, observation["joints"].value
        for episode in self.episodes:
            for start, row in enumerate(episode.vectors["joints"]):
                if np.array_equal(row, joints.astype(np.float32)):
                    rest = episode.actions[start:]
                    whole = np.pad(rest, ((0, -len(rest) % block), (0, 0)))
                    return SimpleNamespace(actions=whole.reshape(-1, block, 3).astype(np.float64))
        return SimpleNamespace(actions=np.broadcast_to(self.action, (15, block, 3)))


def test_who_does_what_was_done_is_right_every_time(episodes):
    plans = []
    found = hindsight(Fixed(episodes), WANTED.spec, episodes, MOMENTS, 0, lambda: plans.append(1))
    assert found["ahead_s"] == list(AHEAD_S)
    assert min(found["cosine"]) > 0.9  # the arm lags behind its commands
    assert max(p / s for p, s in zip(found["planned_error"], found["still_error"], strict=True)) < 0.5
    assert 0 < len(plans) <= plans_of_hindsight(MOMENTS)
    assert found["elsewhere"] == found["cosine"]  # it does not look at the goal
    assert max(found["chance"]) < 0.5


def test_who_stands_still_is_as_far_off_as_standing_still(episodes):
    found = hindsight(Fixed(), WANTED.spec, episodes, MOMENTS, 0)
    assert found["cosine"] == pytest.approx([0.0] * len(AHEAD_S), abs=1e-6)
    assert found["planned_error"] == pytest.approx(found["still_error"], rel=1e-3)


def test_the_shipped_model_leads_where_the_robot_went(episodes):
    settings = dataclasses.replace(WANTED.planner, deadline_s=60.0)
    model = load_model(shipped_model("panda", "reach"), WANTED.spec)
    planner = RecedingHorizonPlanner(model, WANTED.spec, settings, time.monotonic_ns)
    found = hindsight(planner, WANTED.spec, episodes, MOMENTS, 0)
    assert min(found["cosine"]) > 0.7
    for other in ("chance", "elsewhere"):
        assert np.mean(found[other]) < np.mean(found["cosine"]) - 0.2


def test_recordings_that_are_too_short_are_left_out(episodes):
    short = [
        dataclasses.replace(
            one,
            images={name: rows[:7] for name, rows in one.images.items()},
            vectors={name: rows[:7] for name, rows in one.vectors.items()},
            actions=one.actions[:6],
        )
        for one in episodes
    ]
    assert hindsight(Fixed(), WANTED.spec, short, MOMENTS, 0)["ahead_s"] == [0.5]


def test_set_points_that_a_sensor_measures_are_led_where_the_model_expects_them():
    """What a hand holds keeps its fingers from where they should go."""
    fingers = VectorSensor(
        "hand", "hand", "Float64MultiArray", (("load", "N"), ("thumb", "rad")), 10.0, 1.0, None, ("model",)
    )
    actions = ActionSpec("setpoint", 10.0, 2, (Channel("thumb", "rad", 0.0, 2.0),))
    group = Group("hand", actions, Output("float_array", "set_points", 0.0))
    spec = RobotSpec("hand", {"hand": fingers}, (group,), NoSimulation(()), source="invented")
    measured = KnownVector("hand", "vector", ["load", "thumb"], ["N", "rad"], [5.0, 1.0], [2.0, 0.5])
    contract = SimpleNamespace(cameras=["camera"], latent_size=3, vectors=[measured], block=2)
    led = expected_readings(contract, spec)
    predicted = np.zeros((2, 5))
    predicted[:, 4] = 0.4, 0.8
    plan = SimpleNamespace(predicted=predicted)
    assert led(plan, 2, None) == pytest.approx([1.2])
    assert led(plan, 3, None) == led(plan, 15, None) == pytest.approx([1.4])
    assert expected_readings(contract, WANTED.spec) is None
