# SPDX-License-Identifier: Apache-2.0
"""Looks in recorded pictures: nothing that does not vary changes, and what varies does so as it says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ami_ros.augmentation.repainting import Repainter, moved, pattern, slope
from ami_ros.augmentation.scenery import PAINTS, Scenery
from ami_ros.augmentation.settings import load_augmentation_settings
from ami_ros.sim.camera.variation import (
    NAMES,
    SCENERY,
    CameraShift,
    Exposure,
    Light,
    Texture,
    Variation,
    View,
    draw_variation,
)
from ami_ros.sim.camera.variation_settings import load_variation_settings

HEIGHT, WIDTH, GREY, SQUARE = 40, 48, 60, 10
SETTINGS = load_augmentation_settings()
COLOUR = np.array([200, 120, 40], np.uint8)


def picture(row: int, column: int) -> np.ndarray:
    image = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
    image[row : row + SQUARE, column : column + SQUARE] = COLOUR
    return image


@pytest.fixture(scope="module")
def scenery() -> Scenery:
    places = [(row, column) for row in (0, 14, 28) for column in (0, 16, 32)]
    return Scenery(np.stack([picture(*place) for place in places]), levels=24)


def show(scenery: Scenery, look: Variation, image: np.ndarray, camera: int = 0, seed: int = 1) -> np.ndarray:
    return Repainter(scenery, look, camera, SETTINGS, seed).show(image)


def test_the_usual_picture_is_what_stands_still(scenery):
    assert scenery.stands and (scenery.picture == GREY).all()
    moves = scenery.foreground(picture(10, 20))
    assert moves[12:18, 22:28].all() and not moves[25:].any()


def test_where_the_camera_itself_moves_nothing_is_told_apart():
    generator = np.random.default_rng(0)
    scenery = Scenery(generator.integers(0, 256, (9, HEIGHT, WIDTH, 3), dtype=np.uint8), levels=24)
    assert not scenery.stands and not scenery.foreground(picture(0, 0)).any()


def test_the_plain_look_is_the_picture_to_the_bit(scenery):
    image = picture(5, 5)
    np.testing.assert_array_equal(show(scenery, Variation(), image), image)


def test_scenery_and_what_moves_are_tinted_apart(scenery):
    tints = tuple((0.5, 0.5, 0.5) if i < SCENERY else (1.0, 1.0, 0.25) for i in range(3))
    seen = show(scenery, Variation(tints=tints), picture(10, 20))
    assert (seen[30:, :10] == GREY // 2).all()
    np.testing.assert_array_equal(seen[15, 25], [200, 120, 10])


@pytest.fixture
def two_halves() -> tuple[Scenery, np.ndarray]:
    """A wall above a table, one of the colours of what moves in front of each."""
    images = []
    for column in (2, 14, 26, 38):
        image = np.full((HEIGHT, WIDTH, 3), GREY, np.uint8)
        image[HEIGHT // 2 :] = 3 * GREY
        image[2 : 2 + SQUARE, column : column + 8] = COLOUR
        image[28 : 28 + SQUARE, column : column + 8] = COLOUR[::-1] // 2
        images.append(image)
    return Scenery(np.stack(images), levels=24), images[1]


def test_each_surface_and_each_paint_has_a_tint_and_a_texture_of_its_own(two_halves):
    scenery, image = two_halves
    factors = (0.5, 0.25, 0.75, 0.6, 0.8)
    assert len(factors) == SCENERY + PAINTS and scenery.stands
    seen = show(scenery, Variation(tints=tuple((factor,) * 3 for factor in factors)), image)
    share = seen.astype(float) / image
    wall, table = share[5, 30], share[35, 30]
    np.testing.assert_allclose(wall, 0.5, atol=0.01)
    np.testing.assert_allclose(table, 0.25, atol=0.01)
    above, below = (min(factors, key=lambda f: abs(f - share[row, 18].mean())) for row in (7, 33))
    assert above != below and {above, below} < set(factors[SCENERY:])
    bare, checks = Texture("checks", 1, 0.0), Texture("checks", 1, 0.5)
    seen = show(scenery, Variation(textures=(bare, checks)), image)
    np.testing.assert_array_equal(seen[: HEIGHT // 2 - 1], image[: HEIGHT // 2 - 1])
    assert (seen[HEIGHT // 2 + 1 :, 30:] != image[HEIGHT // 2 + 1 :, 30:]).any()


def test_of_a_camera_that_moves_surfaces_are_told_apart_by_colour():
    levels = (20, 128, 235)
    images = np.zeros((9, HEIGHT, WIDTH, 3), np.uint8)
    for image, (left, right) in zip(images, itertools.product(levels, levels), strict=True):
        image[:, : WIDTH // 2], image[:, WIDTH // 2 :] = left, right
    scenery = Scenery(images, levels=24)
    assert not scenery.stands
    np.testing.assert_array_equal(scenery.parts(images[2]), images[2][..., 0] == 235)
    np.testing.assert_array_equal(scenery.parts(images[6]), images[6][..., 0] == 235)


def test_a_texture_darkens_the_scenery_alone(scenery):
    image, checks = picture(10, 20), Texture("checks", 1, 0.5)
    seen = show(scenery, Variation(textures=(checks,) * SCENERY), image)
    np.testing.assert_array_equal(seen[12:18, 22:28], image[12:18, 22:28])
    assert seen[25:].min() == pytest.approx(GREY / 2, abs=1) and seen[25:].max() == GREY
    assert pattern(checks, (WIDTH, HEIGHT)).shape == (HEIGHT, WIDTH, 3)


def test_the_usual_lamp_changes_nothing_and_a_stronger_one_brightens_by_lambert():
    np.testing.assert_allclose(slope(Light(), (WIDTH, HEIGHT)), 1.0, rtol=1e-6)
    up = Light().direction[2] / np.linalg.norm(Light().direction)
    strong = slope(Light(diffuse=0.7), (WIDTH, HEIGHT))
    np.testing.assert_allclose(strong, (0.6 + 0.7 * up) / (0.6 + 0.35 * up), rtol=1e-6)
    lean = slope(Light(direction=(100.0, 30.0, 100.0)), (WIDTH, HEIGHT))
    assert (np.diff(lean[:, :, 0], axis=1) > 0.0).all(), "brighter toward the lamp"


def test_a_camera_that_moves_shifts_zooms_and_turns_the_picture():
    size, focal = (WIDTH, HEIGHT), 0.5 * WIDTH / np.tan(np.radians(SETTINGS.field_of_view_deg) / 2.0)
    np.testing.assert_allclose(moved(CameraShift(), size, SETTINGS), [[1, 0, 0], [0, 1, 0]], atol=1e-12)
    right = moved(CameraShift(offset=(0.1, 0.0, 0.0)), size, SETTINGS)
    assert right[0, 2] == pytest.approx(-0.1 * focal / SETTINGS.distance_m), "things go to the left"
    up = moved(CameraShift(up_deg=2.0), size, SETTINGS)
    assert up[1, 2] == pytest.approx(np.tan(np.radians(2.0)) * focal), "and down"
    near = moved(CameraShift(offset=(0.0, 0.0, 0.2)), size, SETTINGS)
    assert near[0, 0] == pytest.approx(1.25) and near[0, 1] == 0.0
    centre = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2, 1.0])
    for matrix in (near, moved(CameraShift(roll_deg=30.0), size, SETTINGS)):
        np.testing.assert_allclose(matrix @ centre, centre[:2], atol=1e-9)


def test_each_camera_has_its_own_exposure_and_noise(scenery):
    bright = View(exposure=Exposure(stops=1.0))
    look = Variation(noise_std=5.0, further=(bright,))
    first, second = (show(scenery, look, picture(5, 5), camera) for camera in (0, 1))
    assert np.std(first[30:].astype(float)) > 1.0 and abs(first[30:].mean() - GREY) < 1.0
    assert (second[30:] == 2 * GREY).all()


def test_the_same_seed_shows_the_same_and_each_kind_of_variation_shows(scenery):
    image = picture(12, 17)
    for name in NAMES:
        look = draw_variation(load_variation_settings(), np.random.default_rng(3), [name], 1.0, exactly=True)
        once, again = (show(scenery, look, image) for _ in range(2))
        np.testing.assert_array_equal(once, again)
        assert once.dtype == np.uint8 and once.shape == image.shape
        assert (once != image).any(), name
