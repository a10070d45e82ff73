# SPDX-License-Identifier: Apache-2.0
"""A covered or silent camera, over real DDS: the YAML decides whether the robot goes on or holds.

In lock-step, so that the outcome is that of the messages and not of how busy the machine is.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy", reason="needs the extra 'ros'", exc_type=ImportError)
pytest.importorskip("pybullet", reason="needs the extra 'sim'", exc_type=ImportError)
from ami_ros.experiment.experiment import prepare
from ami_ros.experiment.fault_episodes import FaultRunner, far_seeds
from ami_ros.share import shipped_model
from ami_ros.types import Level

ROBOT, SEED = "panda_wrist", 7001
MODEL = shipped_model(ROBOT, "reach")
pytestmark = pytest.mark.skipif(not MODEL.is_file(), reason=f"{MODEL} does not exist: run `ami-ros model`")


def robot(folder: Path, required: bool) -> Path:
    """The shipped robot, by its name, with another answer to what happens without the fixed camera."""
    path = folder / f"{ROBOT}.yaml"
    path.write_text(yaml.safe_dump({"like": ROBOT, "sensors": {"camera": {"required": required}}}))
    return path


def broken(folder: Path, required: bool, fault: str):
    experiment = prepare(str(robot(folder, required)), "reach", MODEL, None, 1, SEED)
    seed = far_seeds(experiment, SEED, 1)[0]
    with FaultRunner(experiment, folder / "logs", real_time=False) as runner:
        run = runner.inject(fault, seed)
    assert (run.unsafe, run.moved_after_stop) == ({}, 0)
    return run


@pytest.mark.parametrize("fault", ["camera_black@camera", "camera_frozen@camera"])
def test_without_a_camera_that_is_not_required_the_robot_goes_on(tmp_path, fault):
    run = broken(tmp_path, required=False, fault=fault)
    assert run.since_ns is not None and run.problem() == ""
    assert [told.reasons for told in run.told if told.level >= Level.HOLD] == []


@pytest.mark.parametrize(
    ("fault", "reason"), [("camera_black@camera", "SURPRISE_HIGH"), ("camera_frozen@camera", "CAMERA_STALE")]
)
def test_without_a_required_camera_it_holds_and_says_why(tmp_path, fault, reason):
    run = broken(tmp_path, required=True, fault=fault)
    named = set().union(*(told.reasons for told in run.told if told.level >= Level.HOLD))
    assert run.problem() == "" and any(reason in name for name in named), named
