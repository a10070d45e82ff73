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


def without(name: str) -> dict:
    return {key: value for key, value in VALUES.items() if key != name}


def sensor(index: int, **changes) -> str:
    """The contract with one sensor changed; a change to None takes the key away."""
    sensors = [dict(it) for it in VALUES["sensors"]]
    sensors[index] = {k: v for k, v in {**sensors[index], **changes}.items() if v is not None}
    return text(sensors=sensors)


def channel(index: int, **changes) -> str:
    channels = [dict(it) for it in VALUES["channels"]]
    channels[index] |= changes
    return text(channels=channels)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the contract is not JSON"),
        ("{", "the contract is not JSON"),
        (b"\xff\xfe", "the contract is not JSON"),
        ("[]", r"contract format \[\], expected 4"),
        ("{}", "contract format None, expected 4; .*train the model again with `ami-ros model --task TASK`"),
        (text(format_version=3), "contract format 3, expected 4; .*`ami-ros model --task reach`"),
        (text(format_version=3, task="x" * 10**6), "contract format 3, expected 4"),
        (text(colour="red"), r"keys differ by \['colour'\]"),
        (json.dumps(without("seed")), r"keys differ by \['seed'\]"),
        (text(sensors={}), "sensors: got {}, expected list"),
        (text(sensors=[]), r"sensors: got \[\], expected distinct names"),
        (text(sensors=[3]), r"sensors\[0\]: got kind 3, expected one of \['image', 'vector'\]"),
        (sensor(0, kind="sound"), r"sensors\[0\]: got kind 'sound', expected one of"),
        (sensor(0, kind=["image"]), r"sensors\[0\]: got kind \['image'\], expected one of"),
        (sensor(0, size="64"), r"sensors\[0\]: size: got '64', expected int"),
        (sensor(0, size=True), "size: got True"),
        (sensor(0, size=0), "sensor camera: got size 0 and aspect 1.2, expected more than 0"),
        (sensor(0, aspect=None), r"sensors\[0\]: keys differ by \['aspect'\]"),
        (sensor(0, name="joints"), r"sensors: got \['joints', 'joints'\], expected distinct names"),
        (text(sensors=VALUES["sensors"][::-1]), "expected the cameras first"),
        (sensor(1, values="abcd"), r"sensors\[1\]: values: got 'abcd', expected list"),
        (sensor(1, values=[1, 2, 3, 4]), r"values\[0\]: got 1, expected str"),
        (sensor(1, values=["a", "b", "c", "a"]), "sensor joints: values: got .*expected distinct"),
        (sensor(1, values=[], units=[], mean=[], std=[]), "sensor joints: values: got .*expected distinct"),
        (sensor(1, values=["a", "b", "c"]), "sensor joints: got lengths {'values': 3, 'units': 8"),
        (sensor(1, mean=[0.0, "x"]), r"mean\[1\]: got 'x', expected float"),
        (sensor(1, mean=[0.0] * 7), "got lengths .*'mean': 7"),
        (sensor(1, mean=[10**400] * 8), "mean"),
        (sensor(1, std=[math.inf] * 8), "std"),
        (sensor(1, std=[1.0] * 7 + [0.0]), "sensor joints: std: got .*expected more than 0"),
        (text(rate_hz=None), "rate_hz: got None, expected float"),
        (text(rate_hz=math.nan), "rate_hz"),
        (text(rate_hz=0), "rate_hz: got 0"),
        (text(meaning="telepathy"), "meaning: got 'telepathy', expected one of"),
        (text(latent_size=-1), "latent_size: got -1"),
        (text(quality=[]), r"quality: got \[\], expected dict"),
        (text(architecture=None), "architecture: got None, expected dict"),
        (text(channels=[]), r"channels: got \[\], expected distinct names"),
        (channel(0, name="y"), r"channels: got \['y', 'y', 'z'\], expected distinct names"),
        (channel(0, low="left"), r"channels\[0\]: low: got 'left', expected float"),
        (channel(0, low=0.4), "channel x: got 0.4 to 0.4, expected the smaller number first"),
        ('{"format_version": 4, "seed": 1, "seed": 2}', r"not JSON: got keys \['seed'\] twice"),
        ("[" * 100_000, "not JSON: nested too deeply"),
        (text(task=["x" * 10**6]), "task"),
        (text(action_range=[0.0, 1.0]), "action_range"),
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
    assert Contract.from_json(text(rate_hz=10), "here").rate_hz == 10


def test_a_robot_that_fits():
    CONTRACT.check(made_up_robot())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "other"}, "robot: model made_up, robot other"),
        (
            {"joint_names": ("joint_b", "joint_a", "joint_c", "joint_d")},
            r"sensor joints: values: model \['joint_a'.*robot \['joint_b'",
        ),
        ({"control_hz": 20.0}, "rate_hz: model 10.0, robot 20.0"),
        ({"action_block": 3}, "block: model 2, robot 3"),
        ({"max_tip_speed": 0.5}, "channel x: model -0.4 to 0.4 m/s, robot -0.5 to 0.5 m/s"),
        ({"action_axes": ("x", "z")}, r"channels: model \['x', 'y', 'z'\], robot \['x', 'z'\]"),
        ({"control_mode": "joint_velocity"}, "meaning: model cartesian_velocity, robot joint_velocity"),
    ],
)
def test_a_robot_that_does_not_fit_gets_both_sides(changes, message):
    with pytest.raises(ContractError, match=message):
        CONTRACT.check(made_up_robot(**changes))


def test_another_camera_aspect_does_not_fit_another_size_does():
    spec = made_up_robot()
    wide = changed(spec, camera=dataclasses.replace(spec.camera, width=64))
    with pytest.raises(ContractError, match="sensor camera: aspect: model 1.2, robot 1.6"):
        CONTRACT.check(wide)
    double = changed(spec, camera=dataclasses.replace(spec.camera, width=96, height=80))
    CONTRACT.check(double)


def test_all_differences_are_named_at_once():
    with pytest.raises(ContractError, match="rate_hz.*block"):
        CONTRACT.check(made_up_robot(control_hz=5.0, action_block=1))


def test_another_task_is_refused_if_one_is_asked_for():
    CONTRACT.check(made_up_robot(), "reach")
    with pytest.raises(ContractError, match="made for task 'reach', expected 'push'"):
        CONTRACT.check(made_up_robot(), "push")


def test_a_model_that_needs_what_the_body_lacks():
    spec = made_up_robot()
    without = dataclasses.replace(spec, sensors={"joints": spec.sensors["joints"]})
    with pytest.raises(
        ContractError, match=r"sensor camera: model needs image, robot has no sensor .*: joints"
    ):
        CONTRACT.check(without)
    turned = dataclasses.replace(
        spec, sensors={"camera": spec.sensors["joints"], "joints": spec.sensors["joints"]}
    )
    with pytest.raises(ContractError, match="sensor camera: model needs image, robot has vector"):
        CONTRACT.check(turned)


def test_a_body_may_have_more_sensors_than_the_model_needs():
    spec = made_up_robot()
    wrist = dataclasses.replace(spec.camera, name="wrist", topic="wrist/image_raw")
    CONTRACT.check(dataclasses.replace(spec, sensors={"wrist": wrist, **spec.sensors}))
