# SPDX-License-Identifier: Apache-2.0
"""The same stage in every simulator: an arm with cameras, vector sensors, and objects by name."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
from simulators import EVERY, in_simulator

from ami_ros.body.kinematics import Kinematics
from ami_ros.body.robot_spec import RobotSpec, load_robot
from ami_ros.errors import ConfigError, EmbodimentError
from ami_ros.sim.camera.variation import Exposure, Light, Texture, Variation
from ami_ros.sim.tasks.by_name import load_task
from ami_ros.sim.world.open_world import open_world
from ami_ros.sim.world.tricks import AWAY, STRANGERS, Tricks
from ami_ros.sim.world.world import Stage, as_stage
from ami_ros.types import Command, FloatArray

PHYSICS_HZ, TICK_NS = 200.0, 10_000_000
BLOCK_PLACE = np.array([0.5, 0.1, 0.03, 0.3])  # on the table, clear of the arm at home
BY_THE_WALL = np.array([0.5, -0.15, 0.05, 0.0])
CHANGE = 20  # grey levels, of a pixel that looks different


@pytest.fixture(scope="module", params=EVERY)
def shared(request) -> Iterator[tuple[Stage, RobotSpec]]:
    spec = in_simulator(request.param, load_robot("panda", "push"))
    stage = as_stage(open_world(spec, PHYSICS_HZ))
    stage.add_block("block", [0.03, 0.03, 0.03], 0.1, 0.5, [0.8, 0.1, 0.1, 1.0])
    stage.add_block("wall", [0.1, 0.01, 0.05], 0.0, 0.5, [0.1, 0.2, 0.8, 1.0])
    yield stage, spec
    stage.close()


@pytest.fixture
def spec(shared) -> RobotSpec:
    return shared[1]


@pytest.fixture
def stage(shared) -> Stage:
    stage, spec = shared
    stage.vary(None)
    stage.reset(spec.home, {"wall": BY_THE_WALL, "block": BLOCK_PLACE})  # in any order
    return stage


def move(stage: Stage, joints: FloatArray, ticks: int) -> None:
    for _ in range(ticks):
        stage.advance(Command(joints, np.zeros_like(joints), stage.time_ns), TICK_NS)


def differ(one: np.ndarray, other: np.ndarray) -> float:
    """Return the share of pixels that look different."""
    return float((np.abs(one.astype(int) - other.astype(int)).max(axis=2) > CHANGE).mean())


def test_an_observation_has_every_sensor_now_and_the_body_is_where_it_was_put(stage, spec):
    move(stage, spec.home, 3)
    observation = stage.observe()
    assert list(observation.readings) == list(spec.sensors)
    assert {reading.stamp_ns for reading in observation.readings.values()} == {stage.time_ns}
    assert observation["camera"].value.shape == (spec.camera.height, spec.camera.width, 3)
    assert observation["camera"].value.dtype == np.uint8 and np.ptp(observation["camera"].value) > 100
    np.testing.assert_allclose(spec.joint_position(observation), spec.home, atol=1e-3)
    np.testing.assert_allclose(stage.body()["joints"], spec.home, atol=1e-3)
    tip = Kinematics(spec).forward(stage.body()["joints"])[0]
    np.testing.assert_allclose(stage.truth()["tip"], tip, atol=1e-9)


def test_the_arm_goes_where_it_is_told_and_the_last_command_holds(stage, spec):
    before = stage.time_ns
    move(stage, spec.home + 0.1, 60)
    for _ in range(20):
        stage.advance(None, TICK_NS)
    np.testing.assert_allclose(stage.body()["joints"], spec.home + 0.1, atol=5e-3)
    assert stage.time_ns == before + 80 * TICK_NS
    stage.reset(spec.home, {"block": BLOCK_PLACE, "wall": BY_THE_WALL})
    assert stage.time_ns == before + 80 * TICK_NS, "time never runs backwards"
    with pytest.raises(ConfigError, match="physics_hz.*is not a multiple"):
        stage.advance(None, TICK_NS // 3)


def test_the_same_again_to_the_bit_whatever_was_before(stage, spec):
    def drive() -> list[np.ndarray]:
        stage.reset(spec.home, {"block": BLOCK_PLACE, "wall": BY_THE_WALL})
        seen = []
        for tick in range(12):
            move(stage, spec.home + 0.01 * tick, 1)
            seen += [*stage.vectors().values(), *stage.snapshot().values()]
        return [*seen, stage.image()]

    first = drive()
    stage.place("block", AWAY)
    move(stage, spec.home - 0.3, 5)
    for one, other in zip(first, drive(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_objects_are_placed_and_found_by_name(stage, spec):
    assert list(stage.objects()) == ["block", "wall"]
    np.testing.assert_allclose(stage.objects()["block"], BLOCK_PLACE[:3], atol=1e-6)
    np.testing.assert_allclose(stage.truth()["objects"], [BLOCK_PLACE[:3], BY_THE_WALL[:3]], atol=1e-6)
    yaw = 2.0 * np.arctan2(*stage.snapshot()["objects"][0, 5:])
    assert yaw == pytest.approx(BLOCK_PLACE[3], abs=1e-6)
    for poses in ({"block": BLOCK_PLACE}, {"block": BLOCK_PLACE, "wall": BY_THE_WALL, "cup": AWAY}):
        with pytest.raises(
            ConfigError, match=r"object_poses: got .*expected one for each of .'block', 'wall'"
        ):
            stage.reset(spec.home, poses)
    with pytest.raises(ConfigError, match="got a second 'block'"):
        stage.add_block("block", [0.01] * 3, 0.1, 0.5, [1.0] * 4)


def test_a_block_falls_onto_the_table_and_lies_there_and_a_wall_does_not(stage, spec):
    above = np.array([0.0, 0.0, 0.05, 0.0])
    stage.reset(spec.home, {"block": BLOCK_PLACE + above, "wall": BY_THE_WALL + above})
    move(stage, spec.home, 60)
    assert stage.objects()["block"][2] == pytest.approx(0.029, abs=2e-3), "the table's top is at -1 mm"
    np.testing.assert_allclose(stage.objects()["wall"], (BY_THE_WALL + above)[:3], atol=1e-9)


def test_the_rod_pushes_the_block_unless_they_may_not_touch(stage, spec):
    kinematics = Kinematics(spec)
    start, end = (kinematics.solve(np.array([0.45 + far, 0.1, 0.15])) for far in (0.0, 0.09))
    moved = []
    for touch in (True, False):
        stage.reset(start, {"block": np.array([0.52, 0.1, 0.03, 0.0]), "wall": BY_THE_WALL})
        stage.let_touch(touch)
        touched: set[str] = set()
        for share in np.linspace(0.0, 1.0, 40):
            move(stage, start + share * (end - start), 1)
            touched |= stage.touching()
        assert touched == ({"tool"} if touch else set())
        moved.append(stage.objects()["block"][0] - 0.52)
    stage.let_touch(True)
    assert moved[0] > 0.02 and abs(moved[1]) < 1e-3


def test_an_arm_that_is_told_to_go_through_a_wall_stops_there_and_comes_back(stage, spec):
    kinematics = Kinematics(spec)
    start, beyond = (kinematics.solve(np.array([0.45, y, 0.15])) for y in (0.0, 0.12))
    stage.reset(start, {"block": AWAY, "wall": np.array([0.45, 0.03, 0.05, 0.0])})
    tips = []
    for share in [*np.linspace(0.0, 1.0, 30), *[1.0] * 30]:
        move(stage, start + share * (beyond - start), 1)
        tips.append(stage.truth()["tip"])
    swung = np.abs(np.array(tips) - [0.45, 0.0, 0.15])
    assert (swung.max(axis=0) < 0.1).all(), "it may slide along the wall, and does not swing around"
    move(stage, start, 60)
    np.testing.assert_allclose(stage.body()["joints"], start, atol=0.01)


def test_contacts_with_walls_are_counted(stage, spec):
    assert stage.snapshot()["contacts"].tolist() == [0.0]
    tip = stage.truth()["tip"]
    stage.reset(spec.home, {"block": BLOCK_PLACE, "wall": np.array([*tip[:2], tip[2] - 0.14, 0.0])})
    move(stage, spec.home, 1)
    assert stage.snapshot()["contacts"][0] > 0.0 and "tool" in stage.touching()


def test_objects_are_moved_on_the_way_but_not_into_the_arm(stage, spec):
    tip, before = stage.truth()["tip"], stage.snapshot()["objects"]
    aside = {"block": AWAY, "wall": BY_THE_WALL + [0.0, -0.1, 0.0, 0.0]}
    into_the_arm = {**aside, "wall": np.array([*tip[:2], tip[2] - 0.1, 0.0])}
    assert not stage.rearrange(into_the_arm)
    np.testing.assert_allclose(stage.snapshot()["objects"], before, atol=1e-12)
    assert stage.rearrange(aside)
    np.testing.assert_allclose(stage.objects()["wall"], aside["wall"][:3], atol=1e-6)


def test_the_camera_sees_arm_and_objects_and_pictures_of_elsewhere_change_nothing(stage, spec):
    picture, moment = stage.image(), stage.snapshot()
    assert stage.image(48, 32).shape == (32, 48, 3)
    elsewhere = stage.image_at(spec.home + 0.2, {"block": BLOCK_PLACE, "wall": BY_THE_WALL})
    without = stage.image_at(spec.home, {"block": AWAY, "wall": AWAY})
    assert differ(picture, elsewhere) > 0.01 and differ(picture, without) > 0.005
    np.testing.assert_array_equal(stage.image(), picture)
    stage.reset(spec.home - 0.2, {"block": AWAY, "wall": AWAY})
    stage.show(moment)
    np.testing.assert_array_equal(stage.image(), picture)


def test_it_looks_otherwise_and_as_before(stage):
    plain = stage.image()
    looks = {
        "light": Variation(light=Light(ambient=0.2, diffuse=0.1)),
        "tints": Variation(tints=((0.5, 0.6, 1.5),)),
        "texture": Variation(textures=(Texture("checks", 1, 0.9), Texture("stripes", 2, 0.9))),
        "exposure": Variation(exposure=Exposure(stops=-1.0)),
    }
    for name, look in looks.items():
        stage.vary(look, seed=1)
        assert differ(stage.image(), plain) > 0.1, name
    stage.vary(None)
    np.testing.assert_array_equal(stage.image(), plain)


def test_ghosts_are_seen_and_not_felt_and_tricks_leave_no_trace(stage, spec):
    plain, tricks = stage.image(), Tricks(stage)
    np.testing.assert_array_equal(stage.image(), plain)
    for index in range(len(STRANGERS)):
        tricks.show_stranger(index, stage.truth()["tip"][:2] + [0.0, 0.02])
        move(stage, spec.home, 1)
        assert not stage.touching()
        assert differ(stage.image(), plain) > 0.002
        tricks.undo()
    tricks.vanish("block")
    tricks.vanish_body()
    empty = stage.image()
    assert differ(empty, plain) > 0.05
    tricks.undo()
    tricks.jump("block", BLOCK_PLACE)
    assert differ(stage.image(), empty) > 0.05
    np.testing.assert_allclose(stage.objects()["block"], BLOCK_PLACE[:3], atol=1e-6)


def test_a_task_is_furnished_and_solved_by_who_knows_the_truth(stage, spec):
    """The task's own objects and script, on a stage of its own: nothing in them knows the simulator."""
    own = as_stage(open_world(spec, PHYSICS_HZ))
    task = load_task("push", spec)
    task.furnish(own)
    episode = task.episode(1)
    own.reset(episode.start, episode.start_objects)
    assert list(own.objects()) == list(episode.start_objects)
    assert task.error(own, episode) == pytest.approx(
        np.linalg.norm(episode.start_objects["block"][:2] - episode.goal_position[:2]), abs=1e-6
    )
    assert task.oracle(episode).next(own).shape == (2,)
    own.close()
    own.close()


def test_a_camera_on_a_link_that_is_not_there(spec):
    lost = dataclasses.replace(spec.sensors["camera"], link="panda_thumb")
    with pytest.raises(EmbodimentError, match=r"sensor camera: link 'panda_thumb' not found; it has \["):
        open_world(dataclasses.replace(spec, sensors={**spec.sensors, "camera": lost}), PHYSICS_HZ)


def test_a_process_is_no_stage():
    with pytest.raises(EmbodimentError, match="got object, which has neither cameras nor objects"):
        as_stage(object())
