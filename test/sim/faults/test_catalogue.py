# SPDX-License-Identifier: Apache-2.0
"""What each fault does to a stream, and that the catalogue is whole."""

from __future__ import annotations

import numpy as np
import pytest

from ami_ros.errors import ConfigError
from ami_ros.safety.reasons import ReasonCode
from ami_ros.sim.faults.camera import CAMERA_FAULTS
from ami_ros.sim.faults.catalogue import (
    COMBINATION,
    COMMAND_TIMEOUT,
    FAULTS,
    PLANNER_ERROR,
    check_fault,
    combined,
    members,
)
from ami_ros.sim.faults.joints import JOINT_FAULTS, JointReading
from ami_ros.sim.faults.proposals import OFF_NS, PROPOSAL_FAULTS
from ami_ros.types import Trajectory

HEIGHT, WIDTH, JOINTS, HELD, POINTS = 12, 20, 5, 2, 3
FRAME_NS, TICK_NS = 100_000_000, 10_000_000


def images(count: int) -> list[tuple[np.ndarray, int]]:
    generator = np.random.default_rng(4)
    return [
        (generator.integers(1, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8), FRAME_NS * i) for i in range(count)
    ]


def through_camera(name: str, count: int = 9, seed: int = 0):
    fault = CAMERA_FAULTS[name](np.random.default_rng(seed))
    return [fault(image, stamp) for image, stamp in images(count)]


def test_every_fault_is_applied_by_someone():
    by_part = {
        part: {f.name for f in FAULTS.values() if f.part == part}
        for part in ("camera", "joints", "proposals")
    }
    assert by_part == {
        "camera": set(CAMERA_FAULTS),
        "joints": set(JOINT_FAULTS),
        "proposals": set(PROPOSAL_FAULTS),
    }
    assert len(FAULTS) == 35


def test_every_name_that_a_fault_may_be_called_by_is_a_reason_of_the_gate():
    reasons = ReasonCode.__members__
    for fault in FAULTS.values():
        assert (fault.named_by | fault.follows) - set(reasons) <= {COMMAND_TIMEOUT, PLANNER_ERROR}, fault.name
        assert fault.named_by or fault.tolerable


@pytest.mark.parametrize(("name", "fresh"), [("camera_frozen", False), ("camera_repeated", True)])
def test_a_frozen_camera_shows_one_image(name, fresh):
    seen = through_camera(name)
    assert [len(frames) for frames in seen] == [1] * 9
    assert all(np.array_equal(frames[0][0], seen[0][0][0]) for frames in seen)
    assert [frames[0][1] for frames in seen] == ([FRAME_NS * i for i in range(9)] if fresh else [0] * 9)


def test_a_late_camera_shows_every_image_500_ms_later_with_its_true_stamp():
    seen = through_camera("camera_delayed")
    assert [[stamp for _, stamp in frames] for frames in seen] == [[]] * 5 + [
        [0],
        [FRAME_NS],
        [2 * FRAME_NS],
        [3 * FRAME_NS],
    ]


def test_a_lossy_camera_loses_half():
    kept = sum(len(frames) for frames in through_camera("camera_dropped", 400))
    assert 150 < kept < 250


def test_black_covered_and_shifted_images_change_and_keep_their_stamp():
    (first, _), *_ = images(1)
    for name in ("camera_black", "camera_occluded", "camera_shifted"):
        (image, stamp), *_ = through_camera(name, 1)[0]
        assert image.shape == first.shape and image.dtype == np.uint8 and stamp == 0
        assert not np.array_equal(image, first)
    assert not through_camera("camera_black", 1)[0][0][0].any()
    covered = through_camera("camera_occluded", 1)[0][0][0]
    assert 0.3 < (covered == first).all(axis=2).mean() < 0.6  # three quarters of each side are covered


def reading(stamp_ns: int) -> JointReading:
    names = tuple(f"j{i}" for i in range(JOINTS + HELD))
    values = np.arange(JOINTS + HELD) + stamp_ns / 1e9
    return JointReading(names, values, -values, stamp_ns)


def through_joints(name: str, count: int = 53) -> list[list[JointReading]]:
    fault = JOINT_FAULTS[name](np.random.default_rng(3), JOINTS)
    return [fault(reading(TICK_NS * i)) for i in range(count)]


def test_broken_joint_states():
    frozen = through_joints("joints_frozen")
    assert {one.stamp_ns for readings in frozen for one in readings} == {0}
    late = through_joints("joints_delayed")
    assert [len(readings) for readings in late] == [0] * 50 + [1] * 3 and late[-1][0].stamp_ns == 2 * TICK_NS
    (spoiled,) = through_joints("joints_nan")[0]
    assert np.isnan(spoiled.position[:JOINTS]).sum() == 1 and np.isfinite(spoiled.position[JOINTS:]).all()
    (short,) = through_joints("joints_missing")[0]
    assert len(short.names) == len(short.position) == len(short.velocity) == JOINTS + HELD - 1
    assert {"j5", "j6"} <= set(short.names)


def test_reordered_joints_keep_their_values():
    plain = reading(0)
    (mixed,) = through_joints("joints_reordered")[0]
    assert mixed.names != plain.names
    for index, name in enumerate(mixed.names):
        where = plain.names.index(name)
        assert mixed.position[index] == plain.position[where]
        assert mixed.velocity[index] == plain.velocity[where]


@pytest.fixture
def proposal() -> Trajectory:
    positions = np.linspace(0.1, 0.4, POINTS)[:, None] * np.ones(JOINTS)
    times = np.arange(POINTS, dtype=np.int64) * FRAME_NS
    return Trajectory(tuple(f"j{i}" for i in range(JOINTS)), positions, times, 7 * OFF_NS)


def test_bad_proposals(proposal):
    bad = {name: spoil(proposal) for name, spoil in PROPOSAL_FAULTS.items()}
    assert np.isnan(bad["planner_nan"].positions).any() and np.isinf(bad["planner_inf"].positions).any()
    assert np.isfinite(proposal.positions).all(), "the good one stays good"
    moved = proposal.positions - proposal.positions[0]
    assert np.allclose(bad["planner_fast"].positions - proposal.positions[0], 100.0 * moved)
    assert not set(bad["planner_names"].joint_names) & set(proposal.joint_names)
    assert len(bad["planner_empty"].positions) == len(bad["planner_empty"].time_from_start_ns) == 0
    assert bad["planner_stale"].stamp_ns == 6 * OFF_NS and bad["planner_future"].stamp_ns == 8 * OFF_NS


def test_a_combination_is_drawn_from_its_seed_one_of_each_part():
    drawn = [members(COMBINATION, seed) for seed in range(40)]
    assert drawn[5] == members(COMBINATION, 5) and len(set(drawn)) > 20
    for faults in drawn:
        parts = [fault.part for fault in faults]
        assert len(parts) in (2, 3) and len(set(parts)) == len(parts)
    whole = combined(COMBINATION, 5)
    check_fault(whole.name)
    assert whole.named_by == frozenset().union(*(fault.named_by for fault in drawn[5]))


def test_an_unknown_fault_is_refused_with_the_names():
    with pytest.raises(ConfigError, match=r"(?s)'fog'.*camera_black.*combination"):
        members("fog", 0)
    with pytest.raises(ConfigError, match="fog"):
        check_fault("camera_black+fog")
    check_fault("")
