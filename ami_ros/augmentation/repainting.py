# SPDX-License-Identifier: Apache-2.0
"""A recorded picture in another look: the simulator's variations of the world, applied to the picture.

Exposure, noise, blur and compression equal those of the simulator. Light, surfaces and the camera's pose
are approximations, because the picture does not show the surfaces' geometry. Light is one slope over the
picture, surfaces are distinguished by colour, and a moving camera shifts, turns and zooms a flat picture.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from ami_ros.augmentation.scenery import PAINTS, Scenery
from ami_ros.augmentation.settings import AugmentationSettings
from ami_ros.sim.camera.sensor import Sensor
from ami_ros.sim.camera.texture import draw_texture
from ami_ros.sim.camera.variation import SCENERY, CameraShift, Light, Texture, Variation, View
from ami_ros.types import ImageArray

ENLARGED = 2  # the sensor's noise, blur and compression act on pictures larger than the model's
Floats = NDArray[np.float32]


class Repainter:
    """Shows the pictures of one camera in one look; reproducible for a seed and a sequence of pictures.

    Args:
        scenery: of the camera.
        look: variations and their size.
        camera: its index: each has its own exposure, noise and pose.
        settings: of the camera's geometry.
        seed: of the noise.
    """

    def __init__(
        self, scenery: Scenery, look: Variation, camera: int, settings: AugmentationSettings, seed: int
    ) -> None:
        self._scenery, self._look = scenery, look
        self._size = size = scenery.picture.shape[1::-1]
        view = look.view(camera)
        self._sensor = Sensor(view, [seed, camera]) if senses(view) else None
        self._moved = None if view.camera == CameraShift() else moved(view.camera, size, settings)
        self._slope = None if look.light == Light() else slope(look.light, size)
        self._patterns = [pattern(texture, size) for texture in look.textures[:SCENERY]]
        self._tints = np.array(look.tints[: SCENERY + PAINTS], np.float32)

    def show(self, image: ImageArray) -> ImageArray:
        """Return a picture (H, W, 3) uint8 RGB in this look."""
        seen = self._painted(image)
        if self._moved is not None:
            edge = cv2.BORDER_REPLICATE
            seen = np.asarray(cv2.warpAffine(seen, self._moved, self._size, borderMode=edge), np.uint8)
        if self._sensor is None:
            return seen
        width, height = self._size
        large = np.asarray(cv2.resize(seen, (ENLARGED * width, ENLARGED * height)), np.uint8)
        return np.asarray(
            cv2.resize(self._sensor.expose(large), self._size, interpolation=cv2.INTER_AREA), np.uint8
        )

    def _painted(self, image: ImageArray) -> ImageArray:
        if not len(self._tints) and self._slope is None and not self._patterns:
            return image
        painted = image.astype(np.float32)
        if len(self._tints) or self._patterns:
            parts = self._scenery.parts(image)
            if len(self._tints):
                painted *= self._tints[parts]
            for surface, factors in enumerate(self._patterns):
                on = parts == surface
                painted[on] *= factors[on]
        if self._slope is not None:
            painted *= self._slope
        return np.clip(np.rint(painted), 0, 255).astype(np.uint8)


def senses(view: View) -> bool:
    """Return whether the sensor itself varies, and not only the scene before it."""
    plain = View()
    return any(
        getattr(view, name) != getattr(plain, name)
        for name in ("exposure", "noise_std", "blur_sigma", "jpeg_quality")
    )


def moved(shift: CameraShift, size: tuple[int, int], settings: AugmentationSettings) -> NDArray[np.float64]:
    """Return the map (2, 3) of a flat picture, size (width, height), whose camera is shifted.

    The offset counts to the right, up and in viewing direction. Source: pinhole projection, small angles:
    Hartley and Zisserman, "Multiple view geometry in computer vision" (2004), section 6.1.
    """
    width, height = size
    focal = 0.5 * width / math.tan(math.radians(settings.field_of_view_deg) / 2.0)
    right, up, near = shift.offset
    left = -focal * (right / settings.distance_m + math.tan(math.radians(shift.right_deg)))
    down = focal * (up / settings.distance_m + math.tan(math.radians(shift.up_deg)))
    zoom = settings.distance_m / max(0.1 * settings.distance_m, settings.distance_m - near)
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2.0, (height - 1) / 2.0), shift.roll_deg, zoom)
    shifted: NDArray[np.float64] = np.add(matrix, [[0.0, 0.0, left], [0.0, 0.0, down]])
    return shifted


def slope(light: Light, size: tuple[int, int]) -> Floats:
    """Return the factors (H, W, 3) by which a lamp lights a flat scene, size (width, height).

    Lambert's law for a level surface; the picture is brighter on the side to which the lamp leans.
    """
    usual = Light()
    now, then = (np.array(lamp.direction) / np.linalg.norm(lamp.direction) for lamp in (light, usual))
    level = light.ambient + light.diffuse * now[2]
    before = usual.ambient + usual.diffuse * then[2]
    across = np.linspace(-0.5, 0.5, size[0])[None, :] * (now[0] - then[0])
    down = np.linspace(-0.5, 0.5, size[1])[:, None] * (now[1] - then[1])
    lean = 1.0 + light.diffuse / level * (across + down)
    factors: Floats = ((level / before) * lean[..., None] * np.array(light.colour)).astype(np.float32)
    return factors


def pattern(texture: Texture, size: tuple[int, int]) -> Floats:
    """Return the factors (H, W, 3) of a texture over the scenery, size (width, height)."""
    drawn = cv2.resize(draw_texture(texture), size, interpolation=cv2.INTER_LINEAR)
    factors: Floats = drawn.astype(np.float32) / 255.0
    return factors
