# SPDX-License-Identifier: Apache-2.0
"""The contract: a round trip, every way to be malformed, every way not to fit."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
from robots import changed, made_up_robot
from small_model import small_contract, small_jepa

from ami_ros.errors import ContractError
from ami_ros.model.contract import Contract

CONTRACT = small_contract(small_jepa())
VALUES = dataclasses.asdict(CONTRACT)


def text(**changes) -> str:
    return json.dumps({**VALUES, **changes})


def test_round_trip():
    assert Contract.from_json(CONTRACT.to_json(), "here") == CONTRACT
    assert Contract.from_json(CONTRACT.to_json().encode(), "here") == CONTRACT


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the contract is not JSON"),
        ("{", "the contract is not JSON"),
        (b"\xff\xfe", "the contract is not JSON"),
        ("[]", r"contract format \[\], expected 3"),
        ("{}", "contract format None, expected 3; export the model again"),
        (text(format_version=1), "contract format 1, expected 3"),
        (text(colour="red"), r"keys differ by \['colour'\]"),
        (json.dumps({k: v for k, v in VALUES.items() if k != "seed"}), r"keys differ by \['seed'\]"),
        (text(image_size="64"), "got {'image_size': '64'}, expected {'image_size': 'int'}"),
        (text(image_size=True), "image_size"),
        (text(control_hz=None), "control_hz"),
        (text(control_hz=math.nan), "control_hz"),
        (text(joint_names="abcd"), "joint_names"),
        (text(joint_names=[1, 2, 3, 4]), "joint_names"),
        (text(joint_mean=[0.0, "x"]), "joint_mean"),
        (text(joint_std=[math.inf] * 8), "joint_std"),
        (text(joint_mean=[0.0] * 7), "joint_mean': 7"),
        (text(action_range=[0.0, 1.0]), "action_range"),
        (text(gates=[]), "gates"),
        ('{"format_version": 3, "seed": 1, "seed": 2}', r"not JSON: keys \['seed'\] are given twice"),
        ("[" * 100_000, "not JSON: nested too deeply"),
        (text(joint_mean=[10**400] * 8), "joint_mean"),
        (text(task=["x" * 10**6]), "task"),
        (text(image_size=0), "image_size: got 0, expected more than 0"),
        (text(latent_size=-1), "latent_size: got -1"),
        (text(control_hz=0), "control_hz: got 0"),
        (text(frames_of_context=2), "frames_of_context: got 2, expected 1"),
        (text(joint_names=["a", "b", "c", "a"]), "joint_names: got .*expected distinct"),
        (text(joint_names=[], joint_mean=[], joint_std=[]), "joint_names: got .*expected distinct"),
        (text(action_size=2), r"action_size: got 2, expected one for each of \['x', 'y', 'z'\]"),
        (text(joint_std=[1.0] * 7 + [0.0]), "joint_std: got .*expected more than 0"),
        (text(action_range=[[0.0] * 3]), "action_range: got .*expected smallest and largest"),
        (text(action_range=[[0.0] * 2, [1.0] * 2]), "action_range"),
        (text(action_range=[[0.1] * 3, [0.0] * 3]), "action_range"),
    ],
)
def test_malformed(content, message):
    with pytest.raises(ContractError, match=message) as caught:
        Contract.from_json(content, "model.pt")
    assert str(caught.value).startswith("model.pt: ")
    assert len(str(caught.value)) < 2000


def test_whole_numbers_are_numbers():
    assert Contract.from_json(text(control_hz=10), "here").control_hz == 10


def test_a_robot_that_fits():
    CONTRACT.check(made_up_robot())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "other"}, "robot: model made_up, robot other"),
        (
            {"joint_names": ("joint_b", "joint_a", "joint_c", "joint_d")},
            r"joint_names: model \['joint_a'.*robot \['joint_b'",
        ),
        ({"control_hz": 20.0}, "control_hz: model 10.0, robot 20.0"),
        ({"action_block": 3}, "action_block: model 2, robot 3"),
        ({"max_tip_speed": 0.5}, "max_tip_speed: model 0.4, robot 0.5"),
        ({"control_mode": "joint_velocity"}, "control_mode: model cartesian_velocity, robot joint_velocity"),
    ],
)
def test_a_robot_that_does_not_fit_gets_both_sides(changes, message):
    with pytest.raises(ContractError, match=message):
        CONTRACT.check(made_up_robot(**changes))


def test_another_camera_aspect_does_not_fit_another_size_does():
    spec = made_up_robot()
    wide = changed(spec, camera=dataclasses.replace(spec.camera, width=64))
    with pytest.raises(ContractError, match="camera_aspect: model 1.2, robot 1.6"):
        CONTRACT.check(wide)
    double = changed(spec, camera=dataclasses.replace(spec.camera, width=96, height=80))
    CONTRACT.check(double)


def test_all_differences_are_named_at_once():
    with pytest.raises(ContractError, match="control_hz.*action_block"):
        CONTRACT.check(made_up_robot(control_hz=5.0, action_block=1))


def test_another_task_is_refused_if_one_is_asked_for():
    CONTRACT.check(made_up_robot(), "reach")
    with pytest.raises(ContractError, match="made for task 'reach', expected 'push'"):
        CONTRACT.check(made_up_robot(), "push")
