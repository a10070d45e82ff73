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
from ami_ros.evaluation.experiment import prepare
from ami_ros.evaluation.fault_episodes import FaultRunner, far_seeds
from ami_ros.settings.share import shipped_model
from ami_ros.types import Level

ROBOT, SEED = "panda_wrist", 7001
MODEL = shipped_model(ROBOT, "reach")
pytestmark = pytest.mark.skipif(not MODEL.is_file(), reason=f"{MODEL} does not exist: run `ami-ros model`")


def robot(folder: Path, required: bool) -> Path:
    """The shipped robot, by its name, with another answer to what happens without the fixed camera."""
    path = folder / f"{ROBOT}.yaml"
    path.write_text(yaml.safe_dump({"like": ROBOT, "sensors": {"camera": {"required": required}}}))
    return path


@pytest.fixture(scope="module", params=[False, True], ids=["optional", "required"])
def broken(request, tmp_path_factory):
    """Return whether the fixed camera is required, and what runs a fault: one set of processes for both faults."""
    folder = tmp_path_factory.mktemp("camera")
    experiment = prepare(str(robot(folder, request.param)), "reach", MODEL, None, 1, SEED)
    seed = far_seeds(experiment, SEED, 1)[0]
    with FaultRunner(experiment, folder / "logs", real_time=False) as runner:
        yield request.param, lambda fault: runner.inject(fault, seed)


@pytest.mark.quick("required-camera_frozen*")
@pytest.mark.parametrize(
    ("fault", "reason"), [("camera_black@camera", "SURPRISE_HIGH"), ("camera_frozen@camera", "CAMERA_STALE")]
)
def test_it_holds_and_says_why_where_the_camera_is_required_and_goes_on_where_not(broken, fault, reason):
    required, inject = broken
    run = inject(fault)
    assert (run.unsafe, run.moved_after_stop, run.problem()) == ({}, 0, "")
    held = [told.reasons for told in run.told if told.level >= Level.HOLD]
    if required:
        named = set().union(*held)
        assert any(reason in name for name in named), named
    else:
        assert run.since_ns is not None and held == []
