# SPDX-License-Identifier: Apache-2.0
"""Variation: within its range, visible, reproducible, and gone without a trace."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("ami_ros.sim.pybullet.bullet", reason="needs pybullet", exc_type=ImportError)

from ami_ros.body.robot_spec import load_robot
from ami_ros.errors import ConfigError
from ami_ros.sim.camera.sensor import Sensor
from ami_ros.sim.camera.texture import draw_texture
from ami_ros.sim.camera.variation import (
    CLEAN,
    NAMES,
    PATTERNS,
    VARIANTS,
    CameraShift,
    Exposure,
    Light,
    Texture,
    Variation,
    beyond_variation,
    draw_variation,
    training_variation,
)
from ami_ros.sim.camera.variation_settings import load_variation_settings
from ami_ros.sim.camera.viewpoint import viewpoint
from ami_ros.sim.pybullet.scene import Scene

PHYSICS_HZ, DRAWS = 200.0, 200
SPEC = load_robot("panda")
SETTINGS = load_variation_settings()
HEIGHT, WIDTH = 21, 34
GREY = np.full((HEIGHT, WIDTH, 3), 120, dtype=np.uint8)


@pytest.fixture(scope="module")
def shared() -> Iterator[Scene]:
    world = Scene(SPEC, PHYSICS_HZ)
    world.reset(SPEC.home)
    yield world
    world.close()


@pytest.fixture
def scene(shared: Scene) -> Scene:
    shared.vary(None)
    shared.reset(SPEC.home)
    return shared


def draw(name: str, seed: int = 3, scale: float = 1.0) -> Variation:
    return draw_variation(SETTINGS, np.random.default_rng(seed), (name,), scale)


def changed(image: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference in grey levels."""
    return float(np.abs(image.astype(int) - other.astype(int)).mean())


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_is_seen_and_vanishes_to_the_bit(scene, name):
    clean = scene.image()
    seen = [scene.vary(draw(name, seed), seed) or scene.image() for seed in range(4)]
    assert max(changed(image, clean) for image in seen) > 0.3
    assert max(changed(image, clean) for image in seen) < 60.0
    assert len({image.tobytes() for image in seen}) >= 3
    scene.vary(None)
    np.testing.assert_array_equal(scene.image(), clean)


def test_after_every_variation_a_scene_is_as_good_as_a_new_one(scene):
    for seed in range(5):
        scene.vary(draw_variation(SETTINGS, np.random.default_rng(seed), NAMES, 2.0), seed)
        scene.image()
    fresh = Scene(SPEC, PHYSICS_HZ)
    fresh.reset(SPEC.home)
    for clean in (None, CLEAN):
        scene.vary(clean)
        np.testing.assert_array_equal(scene.image(), fresh.image())
        np.testing.assert_array_equal(scene.image_at(SPEC.home + 0.2), fresh.image_at(SPEC.home + 0.2))
    fresh.close()


def test_an_object_that_came_later_is_tinted_and_cleaned_too():
    world = Scene(SPEC, PHYSICS_HZ)
    world.vary(draw("colours", 1), 0)
    world.add_block("block", (0.05, 0.05, 0.05), 0.1, 0.5, (0.8, 0.2, 0.2, 1.0))
    poses = {"block": np.array([0.5, 0.0, 0.05, 0.0])}
    world.reset(SPEC.home, poses)
    world.vary(None)
    clean = world.image()
    images = [world.vary(draw("colours", seed), 0) or world.image() for seed in (1, 2)]
    assert changed(*images) > 1.0
    world.vary(None)
    np.testing.assert_array_equal(world.image(), clean)
    world.close()


def test_the_same_seed_and_calls_give_the_same_images(scene):
    variation = draw_variation(SETTINGS, np.random.default_rng(8))
    runs = []
    for _ in range(2):
        scene.vary(variation, 11)
        runs.append(
            [scene.image(), scene.image_at(SPEC.home + 0.1), scene.observe()["camera"].value, scene.image()]
        )
    np.testing.assert_array_equal(runs[0], runs[1])
    scene.vary(variation, 12)
    assert changed(scene.image(), runs[0][0]) > 0.0


def test_noise_is_new_in_every_frame_and_has_its_std():
    sensor = Sensor(dataclasses.replace(CLEAN, noise_std=7.0), seed=1)
    frames = np.stack([sensor.expose(GREY) for _ in range(50)]).astype(float)
    assert len({frame.tobytes() for frame in frames}) == len(frames)
    assert frames.std() == pytest.approx(7.0, rel=0.05)
    assert frames.mean() == pytest.approx(120.0, abs=0.3)


def test_exposure_brightens_and_colours():
    image = Sensor(dataclasses.replace(CLEAN, exposure=Exposure(0.5, 1.0, 1.1, 0.9)), 0).expose(GREY)
    np.testing.assert_allclose(image[0, 0], 120 * math.sqrt(2.0) * np.array([1.1, 1.0, 0.9]), atol=0.6)
    bright = np.full_like(GREY, 250)
    assert Sensor(dataclasses.replace(CLEAN, exposure=Exposure(1.0)), 0).expose(bright).min() == 255


def test_jpeg_keeps_the_order_of_the_channels():
    red = np.zeros_like(GREY)
    red[..., 0] = 200
    image = Sensor(dataclasses.replace(CLEAN, jpeg_quality=80), 0).expose(red)
    np.testing.assert_allclose(image.mean(axis=(0, 1)), [200, 0, 0], atol=5)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_exactly_goes_just_as_far_as_the_scale_says_to_either_side(scale):
    generator = np.random.default_rng(0)
    drawn = [draw_variation(SETTINGS, generator, NAMES, scale, exactly=True) for _ in range(DRAWS)]
    for varied in drawn:
        assert np.linalg.norm(varied.camera.offset) == pytest.approx(scale * SETTINGS.camera_position)
        assert abs(varied.camera.roll_deg) == pytest.approx(scale * SETTINGS.camera_rotation_deg)
        assert varied.noise_std == scale * SETTINGS.noise_std
    stops = [varied.exposure.stops / SETTINGS.exposure_stops for varied in drawn]
    assert set(np.round(stops, 9)) == {-scale, scale}


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_draws_stay_in_their_range_and_use_it(scale):
    generator = np.random.default_rng(0)
    drawn = [draw_variation(SETTINGS, generator, NAMES, scale) for _ in range(DRAWS)]
    usual = np.array(Light().direction) / np.linalg.norm(Light().direction)
    reached = {
        "offset": (
            [np.linalg.norm(v.camera.offset) for v in drawn],
            SETTINGS.camera_position,
        ),
        "turn": (
            [math.hypot(v.camera.right_deg, v.camera.up_deg) for v in drawn],
            SETTINGS.camera_rotation_deg,
        ),
        "roll": ([abs(v.camera.roll_deg) for v in drawn], SETTINGS.camera_rotation_deg),
        "ambient": ([abs(v.light.ambient - 0.6) for v in drawn], SETTINGS.light_strength),
        "scenery": ([abs(v.tints[1][2] - 1.0) for v in drawn], SETTINGS.scenery_tint),
        "objects": ([abs(v.tints[5][0] - 1.0) for v in drawn], SETTINGS.object_tint),
        "texture": ([v.textures[0].contrast for v in drawn], SETTINGS.texture_contrast),
        "stops": ([abs(v.exposure.stops) for v in drawn], SETTINGS.exposure_stops),
        "gamma": ([abs(v.exposure.gamma - 1.0) for v in drawn], SETTINGS.exposure_gamma),
        "noise": ([v.noise_std for v in drawn], SETTINGS.noise_std),
        "blur": ([v.blur_sigma for v in drawn], SETTINGS.blur_sigma),
        "jpeg": ([100.0 - (v.jpeg_quality or 100) for v in drawn], SETTINGS.jpeg_loss),
    }
    for what, (values, largest) in reached.items():
        assert max(values) <= largest * scale + 1e-9, what
        assert max(values) > 0.9 * largest * scale, what
        assert min(values) >= (largest if scale > 1.0 else 0.0) - 1e-9, what  # 2 is beyond the training range
    tilt = [math.degrees(math.acos(min(1.0, np.dot(usual, v.light.direction)))) for v in drawn]
    assert max(tilt) == pytest.approx(SETTINGS.light_tilt_deg * scale, rel=0.35)
    assert min(v.light.direction[2] for v in drawn) >= 0.2
    assert min(v.jpeg_quality or 0 for v in drawn) >= 4


def test_a_kind_is_drawn_the_same_whatever_the_others_do():
    everything = draw_variation(SETTINGS, np.random.default_rng(4))
    for name, field in (("jpeg", "jpeg_quality"), ("camera_pose", "camera"), ("light", "light")):
        alone = draw(name, seed=4)
        assert getattr(alone, field) == getattr(everything, field)
        assert dataclasses.replace(alone, **{field: getattr(CLEAN, field)}) == CLEAN


def test_training_sees_the_clean_world_and_every_kind():
    generator = np.random.default_rng(2)
    drawn = [training_variation(SETTINGS, generator) for _ in range(5 * DRAWS)]
    none_on = SETTINGS.clean_share + (1.0 - SETTINGS.clean_share) * (1.0 - SETTINGS.share) ** len(NAMES)
    assert np.mean([v == CLEAN for v in drawn]) == pytest.approx(none_on, abs=0.05)
    kinds = {field.name for field in dataclasses.fields(Variation)} - {"further"}
    for name in kinds:
        on = np.mean([getattr(v, name) != getattr(CLEAN, name) for v in drawn])
        assert on == pytest.approx((1.0 - SETTINGS.clean_share) * SETTINGS.share, abs=0.05)


def test_an_unknown_name_is_refused_with_the_names():
    with pytest.raises(ConfigError, match=r"got \['fog'\], expected some of \['light', 'colours'"):
        draw("fog")
    with pytest.raises(ConfigError, match="scale: got nan"):
        draw("blur", scale=math.nan)


def test_the_camera_turns_by_its_angles():
    shift = CameraShift((0.01, -0.02, 0.005), right_deg=1.5, up_deg=-0.8, roll_deg=2.0)
    still, moved = viewpoint(SPEC.camera, CameraShift()), viewpoint(SPEC.camera, shift)
    np.testing.assert_allclose(np.subtract(moved.eye, still.eye), shift.offset, atol=1e-12)
    before, after = (np.subtract(v.look_at, v.eye) for v in (still, moved))
    assert np.linalg.norm(after) == pytest.approx(np.linalg.norm(before))
    cosine = before @ after / np.linalg.norm(before) ** 2
    assert math.degrees(math.acos(cosine)) == pytest.approx(math.hypot(1.5, 0.8))
    right = np.cross(before, (0, 0, 1))
    assert after @ right > 0.0
    assert after[2] < before[2]
    level = np.cross(after, (0, 0, 1)) / np.linalg.norm(np.cross(after, (0, 0, 1)))
    assert math.degrees(math.asin(np.dot(moved.up, level))) == pytest.approx(2.0)


def test_patterns_differ_and_are_as_deep_as_asked():
    drawn = [draw_texture(Texture(p, k, 0.4)) for p in PATTERNS for k in range(VARIANTS)]
    assert len({pattern.tobytes() for pattern in drawn}) == len(drawn)
    for pattern in drawn:
        assert pattern.max() > 245
        assert pattern.min() == pytest.approx(255 * 0.6, abs=6)
    assert draw_texture(Texture("checks", 0, 0.0)).min() == 255


def test_each_camera_has_a_draw_of_its_own_and_the_first_its_usual_one():
    one, two = (draw_variation(SETTINGS, np.random.default_rng(4), cameras=count) for count in (1, 2))
    assert dataclasses.replace(two, further=()) == one
    assert two.view(0) is two
    own = two.view(1)
    for field in ("camera", "exposure", "noise_std", "blur_sigma", "jpeg_quality"):
        assert getattr(own, field) != getattr(two, field)
    # Where nothing else was drawn for it, another camera varies as the first does.
    assert one.view(1) is one


def test_beyond_the_range_every_camera_is():
    for seed in range(20):
        generators = [np.random.default_rng(seed) for _ in range(2)]
        one, two = (
            beyond_variation(SETTINGS, generator, "noise", 2.0, cameras)
            for generator, cameras in zip(generators, (1, 2), strict=True)
        )
        assert dataclasses.replace(two, further=()) == one
        assert min(two.view(camera).noise_std for camera in range(2)) >= SETTINGS.noise_std
