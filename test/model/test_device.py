# SPDX-License-Identifier: Apache-2.0
"""Where the model computes, and with which numbers; the half-precision path runs on the processor, too."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from observed import observed
from untrained import untrained_model

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError
from ami_ros.model.device import pick_device, pick_precision
from ami_ros.model.runtime import load_model
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.planning.settings import load_planner_settings
from ami_ros.types import Goal

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
SPEC = load_robot("panda", "reach")


def test_auto_is_exact_on_a_processor_and_half_on_a_gpu():
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert pick_precision("auto", CPU) == torch.float32
    assert pick_precision("auto", CUDA) == torch.float16
    assert pick_precision("bfloat16", CPU) == torch.bfloat16


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_an_absent_gpu_is_named_with_the_alternatives(tmp_path):
    with pytest.raises(ConfigError, match=r"device: got cuda.*expected cpu, or auto"):
        load_model(untrained_model(tmp_path, "reach"), SPEC, device="cuda")


def test_emulated_numbers_are_refused():
    with pytest.raises(ConfigError, match=r"float16 on device cpu, expected auto, float32 or bfloat16"):
        pick_precision("float16", CPU)


def test_bfloat16_plans_nearly_as_float32_does_and_the_same_each_time(tmp_path):
    path = untrained_model(tmp_path, "reach")
    generator = np.random.default_rng(3)
    size = (SPEC.camera.height, SPEC.camera.width, 3)
    here, there = (generator.integers(0, 256, size, dtype=np.uint8) for _ in range(2))
    settings = dataclasses.replace(load_planner_settings(task="reach"), deadline_s=60.0, num_iterations=1)

    def plan(precision: str):
        planner = RecedingHorizonPlanner(
            load_model(path, SPEC, precision=precision), SPEC, settings, lambda: 0
        )
        planner.set_goal(Goal(images={"camera": there}))
        return planner.plan(observed(here, SPEC.home))

    exact, half, again = plan("float32"), plan("bfloat16"), plan("bfloat16")
    assert half.distance == exact.distance  # arrival is decided in float32
    assert half.cost == pytest.approx(exact.cost, rel=0.02)
    assert half.cost != exact.cost
    assert half.cost == again.cost
    np.testing.assert_array_equal(half.actions, again.actions)
