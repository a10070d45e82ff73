# SPDX-License-Identifier: Apache-2.0
"""What each fault does to a stream, and that the catalogue is whole."""

from __future__ import annotations

import math

import numpy as np
import pytest
from bodies import mobile_base, process_body, two_cameras_and_force

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError
from ami_ros.safety.reasons import ReasonCode
from ami_ros.sim.faults.camera import CAMERA_FAULTS
from ami_ros.sim.faults.catalogue import AT, COMBINATION, Catalogue, check_fault
from ami_ros.sim.faults.joints import JOINT_FAULTS, JointReading
from ami_ros.sim.faults.kinds import COMMAND_TIMEOUT, KINDS, PLANNER_ERROR
from ami_ros.sim.faults.poses import LEAP, LEAP_NS, POSE_FAULTS, SHARE
from ami_ros.sim.faults.proposals import OFF_NS, PROPOSAL_FAULTS
from ami_ros.sim.faults.vectors import OFF_NS as FAR_NS
from ami_ros.sim.faults.vectors import VECTOR_FAULTS
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
    return [fault(frame) for frame in images(count)]


def test_every_fault_is_applied_by_someone():
    by_part = {
        part: {kind.name for kind in KINDS.values() if kind.part == part}
        for part in ("camera", "joints", "vectors", "proposals")
    }
    assert not set(VECTOR_FAULTS) & set(POSE_FAULTS)
    assert by_part == {
        "camera": set(CAMERA_FAULTS),
        "joints": set(JOINT_FAULTS),
        "vectors": set(VECTOR_FAULTS) | set(POSE_FAULTS),
        "proposals": set(PROPOSAL_FAULTS),
    }


@pytest.mark.parametrize("task", ["reach", "push"])
def test_the_faults_of_the_panda(task):
    """Its figures are published: what they are called, and how many there are."""
    catalogue = Catalogue(load_robot("panda", task))
    assert len(catalogue.faults) == 39 and catalogue.names[-1] == COMBINATION
    assert not any(name.startswith(("vector", "pose", "odometry")) for name in catalogue.names)
    assert catalogue.left_out["vector_nan"] == "no vector sensor besides joints"
    assert catalogue.faults["camera_frozen"].named_by == {"CAMERA_STALE", "CAMERA_FROZEN"}
    assert catalogue.faults["joints_nan"].named_by == {"JOINTS_STALE"}
    assert catalogue.faults["clock_forward"].named_by == {"JOINTS_FUTURE", "CAMERA_FUTURE"}
    assert {fault.within_s for fault in catalogue.faults.values()} == {1.0, 1.2, 2.0}


def test_every_name_that_a_fault_may_be_called_by_is_a_reason_of_the_gate(every_body):
    reasons = ReasonCode.__members__
    for spec in every_body:
        for fault in Catalogue(spec).faults.values():
            names = {name.partition(AT)[0] for name in fault.named_by | fault.follows}
            assert names - set(reasons) <= {COMMAND_TIMEOUT, PLANNER_ERROR}, fault.name
            assert fault.named_by or fault.tolerable, fault.name


@pytest.fixture
def every_body(tmp_path):
    paths = (process_body(tmp_path), mobile_base(tmp_path), two_cameras_and_force(tmp_path))
    return [load_robot("panda", "push"), *map(load_robot, paths)]


def test_faults_are_of_sensors_by_name(tmp_path):
    catalogue = Catalogue(load_robot(two_cameras_and_force(tmp_path)))
    first, side = catalogue.find("camera_frozen"), catalogue.find("camera_frozen@side")
    assert (first.name, first.sensor, side.name, side.sensor) == (
        "camera_frozen",
        "camera",
        "camera_frozen@side",
        "side",
    )
    assert first.named_by == {"CAMERA_STALE@camera", "CAMERA_FROZEN@camera"}
    assert side.named_by == {"CAMERA_STALE@side", "CAMERA_FROZEN@side"}
    assert catalogue.find("camera_frozen@camera") == first
    assert catalogue.find("vector_silent").named_by == {"SENSOR_STALE@force"}
    assert catalogue.find("joints_nan").named_by == {"JOINTS_STALE"}, "one is told without its name"
    assert catalogue.combined("camera_black", 0).name == "camera_black"


def test_a_fault_has_the_time_that_its_sensor_takes(tmp_path):
    def slow(values) -> None:
        values["sensors"]["odometry"].update(max_age_s=4.0, freeze_s=9.0)

    catalogue = Catalogue(load_robot(mobile_base(tmp_path, slow)))
    assert catalogue.find("vector_silent").within_s == pytest.approx(4.7)
    assert catalogue.find("vector_repeated").within_s == pytest.approx(9.7)


def test_what_cannot_befall_a_body_is_left_out_and_says_why(tmp_path):
    plant = Catalogue(load_robot(process_body(tmp_path)))
    assert plant.left_out["camera_black"] == "no camera"
    assert "needs a message with a stamp" in plant.left_out["vector_future"]
    assert "needs freeze_s" in plant.left_out["vector_repeated"]
    assert "has stamps" in plant.left_out["clock_back"]
    assert {"planner_nan", "gate_killed", "estop", "oversized_vector", COMBINATION} <= set(plant.names)
    assert not set(plant.left_out) & set(plant.faults) and len(plant.left_out) + len(plant.faults) == len(
        KINDS
    )
    for name, why in (
        ("camera_black", "process cannot have this fault: no camera"),
        ("vector_nan@smell", r"got sensor 'smell', expected one of \['temperatures', 'pressure', 'flow'\]"),
        ("vector_future@flow", "flow: needs a message with a stamp"),
        ("estop@flow", r"expected one of \[\]"),
    ):
        with pytest.raises(ConfigError, match=why):
            plant.find(name)


def test_a_combination_of_a_body_without_arm_is_of_the_parts_that_it_has(tmp_path):
    catalogue = Catalogue(load_robot(mobile_base(tmp_path)))
    parts = {fault.part for seed in range(20) for fault in catalogue.members(COMBINATION, seed)}
    assert parts == {"vectors", "proposals"}


VALUES = 3


def through_vector(name: str, count: int = 30) -> list[list[tuple[np.ndarray, int]]]:
    fault = VECTOR_FAULTS[name](np.random.default_rng(3), FAR_NS)
    return [fault((np.arange(VALUES) + float(i), FRAME_NS * i)) for i in range(count)]


def test_broken_vector_sensors():
    assert through_vector("vector_silent") == [[]] * 30
    frozen, repeated = through_vector("vector_frozen"), through_vector("vector_repeated")
    assert {stamp for ((_, stamp),) in frozen} == {0}
    assert [stamp for ((_, stamp),) in repeated] == [FRAME_NS * i for i in range(30)]
    assert all(np.array_equal(values, np.arange(VALUES)) for ((values, _),) in (*frozen, *repeated))
    late = through_vector("vector_delayed")
    assert [len(readings) for readings in late] == [0] * 20 + [1] * 10 and late[20][0][1] == 0
    assert [int(np.isnan(values).sum()) for ((values, _),) in through_vector("vector_nan", 2)] == [1, 1]
    assert [len(values) for ((values, _),) in through_vector("vector_short", 2)] == [VALUES - 1] * 2
    assert all((values > 1e5).all() for ((values, _),) in through_vector("vector_outside", 3))
    drift = [
        values - np.arange(VALUES) - i for i, ((values, _),) in enumerate(through_vector("vector_drifting"))
    ]
    assert not drift[0].any() and (np.diff(drift, axis=0) > 0.0).all()
    assert [stamp for ((_, stamp),) in through_vector("vector_future", 2)] == [FAR_NS, FAR_NS + FRAME_NS]
    jumping = [stamp for ((_, stamp),) in through_vector("vector_jumping", 4)]
    assert jumping == [-FAR_NS, FRAME_NS, 2 * FRAME_NS - FAR_NS, 3 * FRAME_NS]


def through_pose(name: str, count: int = 30) -> list[tuple[np.ndarray, int]]:
    """A base that drives ahead at 1 m/s and turns by 5 rad/s, across the seam of its yaw."""
    fault = POSE_FAULTS[name](np.random.default_rng(3), (0, 1, 2))
    told = []
    for i in range(count):
        yaw = math.remainder(0.5 * i, math.tau)
        ((values, stamp_ns),) = fault((np.array([0.1 * i, 2.0, yaw]), FRAME_NS * i))
        told.append((values, stamp_ns))
    return told


def test_poses_that_lie_keep_their_stamps():
    stamps = [FRAME_NS * i for i in range(30)]
    for name in POSE_FAULTS:
        assert [stamp_ns for _, stamp_ns in through_pose(name)] == stamps, name
    for name in ("pose_frozen", "odometry_repeated"):
        assert all(values.tolist() == [0.0, 2.0, 0.0] for values, _ in through_pose(name))
    scaled = np.array([values for values, _ in through_pose("pose_scaled")])
    np.testing.assert_allclose(scaled[:, 0], 0.1 * np.arange(30) * SHARE)
    assert (scaled[:, 1] == 2.0).all() and np.abs(scaled[:, 2]).max() <= math.pi * SHARE
    jumping = np.array([values for values, _ in through_pose("pose_jumps")])
    off = jumping[:, :2] - np.stack([0.1 * np.arange(30), np.full(30, 2.0)], axis=1)
    leaps = np.linalg.norm(np.diff(off, axis=0), axis=1)
    every = LEAP_NS // FRAME_NS
    assert (np.flatnonzero(leaps > 1e-9) + 1).tolist() == list(range(every, 30, every))
    assert leaps.max() <= LEAP[1] and leaps[every - 1 :: every].min() >= LEAP[0] <= np.linalg.norm(off[0])


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
    catalogue = Catalogue(load_robot("panda"))
    drawn = [catalogue.members(COMBINATION, seed) for seed in range(40)]
    assert drawn[5] == catalogue.members(COMBINATION, 5) and len(set(drawn)) > 20
    for faults in drawn:
        parts = [fault.part for fault in faults]
        assert len(parts) in (2, 3) and len(set(parts)) == len(parts)
    whole = catalogue.combined(COMBINATION, 5)
    check_fault(whole.name)
    assert whole.named_by == frozenset().union(*(fault.named_by for fault in drawn[5]))


def test_an_unknown_fault_is_refused_with_the_names():
    with pytest.raises(ConfigError, match=r"(?s)'fog'.*camera_black.*combination"):
        Catalogue(load_robot("panda")).members("fog", 0)
    with pytest.raises(ConfigError, match="fog"):
        check_fault("camera_black+fog")
    check_fault("")
    check_fault("camera_black@side+estop")


def test_a_camera_that_is_not_required_may_break_unnoticed():
    wrist = Catalogue(load_robot("panda_wrist", "reach"))
    for name in ("camera_black", "camera_frozen@wrist", "camera_dropped@camera"):
        assert wrist.find(name).tolerable
    assert "CAMERA_FROZEN" not in wrist.find("camera_repeated").named_by, "the gate does not watch it"
    assert not Catalogue(load_robot("panda", "reach")).find("camera_black").tolerable


def test_what_only_a_model_tells_is_left_out_without_one():
    panda = Catalogue(load_robot("panda", "reach"), has_model=False)
    for name in ("camera_shifted", "unknown_object", "foreign_world"):
        assert "only a model" in panda.left_out[name]
    assert "only a model" in Catalogue(load_robot("husky", "drive"), has_model=False).left_out["camera_black"]
    assert {"camera_black", "camera_repeated", "joints_reordered", "planner_nan", "estop"} <= set(
        panda.faults
    )
