# SPDX-License-Identifier: Apache-2.0
"""The data decide how much of the past a plant's state keeps, and the model then predicts better with it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from small_model import SETTINGS
from small_training import TRAINING

from ami_ros.body.actions import ActionSpec, Channel
from ami_ros.body.groups import Group
from ami_ros.body.outputs import Output
from ami_ros.body.robot_spec import RobotSpec
from ami_ros.body.sensors import VectorSensor
from ami_ros.body.simulation import NoSimulation
from ami_ros.episodes.episode import PLAIN_LOOK, EpisodeRecord, episode_path, write_episode
from ami_ros.episodes.recorded_body import recorded_body
from ami_ros.model.judging.wording import worth_knowing
from ami_ros.model.known import inputs_of
from ami_ros.model.measured import measured
from ami_ros.training.history_choice import choose_history
from ami_ros.training.pipeline import build_trainer, finish, load_split
from ami_ros.training.recorded import Recorded

EPISODES, STEPS, LAG = 60, 30, 0.3
LEVEL = VectorSensor(
    "level", "level", "Float64MultiArray", (("level", "m"),), 1.0, 2.0, None, ("model", "gate")
)
PLANT = RobotSpec(
    name="plant",
    sensors={"level": LEVEL},
    groups=(
        Group(
            "valves",
            ActionSpec("setpoint", 1.0, 1, (Channel("pump", "l/s", -1.0, 1.0),)),
            Output("float_array", "set_points", 0.0),
        ),
    ),
    simulation=NoSimulation(()),
    source="invented",
)
INPUTS = inputs_of(PLANT)


def logged(seed: int, lag: float = LAG, noise: float = 0.0, episodes: int = EPISODES) -> Recorded:
    """A level that follows a flow nobody measures, which follows the pump; lag 1: the pump itself."""
    generator = np.random.default_rng(seed)
    pump = np.repeat(generator.uniform(-1.0, 1.0, (episodes, STEPS // 5, 1)), 5, axis=1)
    flow, level = np.zeros((episodes, 1)), generator.uniform(-1.0, 1.0, (episodes, 1))
    levels = [level]
    for step in range(STEPS):
        flow = flow + lag * (pump[:, step] - flow)
        level = 0.9 * level + 0.3 * flow
        levels.append(level)
    seen = np.stack(levels, axis=1) + noise * generator.standard_normal((episodes, STEPS + 1, 1))
    return Recorded([], seen.astype(np.float32), pump.astype(np.float32))


def chosen(gain: float = 0.05, **plant: float):
    return choose_history(logged(0, **plant), logged(1, **plant), INPUTS, PLANT.actions, gain)


def test_what_nobody_measures_shows_in_the_past():
    found = chosen()
    assert found.history[0] == 2.0 and found.error < 0.5


def test_noise_is_averaged():
    found = chosen(lag=1.0, noise=0.3)
    assert found.history and found.error < 0.9


def test_a_plant_whose_readings_say_everything_keeps_none():
    found = chosen(lag=1.0)
    assert found.history == () and found.error > 0.5


def test_what_is_not_worth_it_is_not_kept():
    assert chosen(gain=1.0).history == ()


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> list[Path]:
    folder, episodes = tmp_path_factory.mktemp("data"), logged(2, episodes=40)
    for number, (level, pump) in enumerate(zip(episodes.vectors, episodes.actions, strict=True)):
        record = EpisodeRecord(
            images={},
            vectors={"level": level},
            actions=pump,
            truth={},
            look=np.asarray(PLAIN_LOOK, dtype=np.int64),
            body=recorded_body(PLANT),
        )
        write_episode(episode_path(folder, number), record)
    return sorted(folder.glob("episode_*.npz"))


def trained(data: list[Path], **changes: object):
    training = dataclasses.replace(TRAINING, steps=5, predictor_steps=400, predictor_horizon=5, **changes)
    split = load_split(data, training.held_out, lambda: None, INPUTS)
    trainer = build_trainer(split, PLANT, SETTINGS, training)
    for _ in trainer.run():
        pass
    return finish(trainer.model, split, PLANT, "level", training), trainer.model


def test_a_model_with_history_predicts_what_one_without_cannot(data):
    (kept, model), (forgot, _) = trained(data), trained(data, history_gain=1.0)
    assert kept.history == model.settings.history != () == forgot.history
    assert kept.architecture["history"] == list(kept.history)
    assert kept.quality["open_loop_error"][0] < 0.5 * forgot.quality["open_loop_error"][0]
    assert measured(kept, "model.pt")["history"]["error"] < 0.5
    said = " ".join(worth_knowing(kept.quality))
    assert "It averages past readings over 2" in said and "a linear model errs" in said
    assert "The present readings are enough" in " ".join(worth_knowing(forgot.quality))
    assert torch.equal(model.traces[0].rates, model.predictor.traces[0].rates)
