# SPDX-License-Identifier: Apache-2.0
"""The contract: a round trip, every way to be malformed, every way not to fit."""

from __future__ import annotations

import dataclasses
import json
import math

import pytest
from robots import made_up_robot
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
    ],
)
def test_malformed(content, message):
    with pytest.raises(ContractError, match=message) as caught:
        Contract.from_json(content, "model.pt")
    assert str(caught.value).startswith("model.pt: ")


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
    wide = dataclasses.replace(spec, camera=dataclasses.replace(spec.camera, width=64))
    with pytest.raises(ContractError, match="camera_aspect: model 1.2, robot 1.6"):
        CONTRACT.check(wide)
    double = dataclasses.replace(spec, camera=dataclasses.replace(spec.camera, width=96, height=80))
    CONTRACT.check(double)


def test_all_differences_are_named_at_once():
    with pytest.raises(ContractError, match="control_hz.*action_block"):
        CONTRACT.check(made_up_robot(control_hz=5.0, action_block=1))
