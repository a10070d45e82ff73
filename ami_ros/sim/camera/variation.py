# SPDX-License-Identifier: Apache-2.0
"""What differs from one episode to the next for a camera: light, surfaces, pose and sensor."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ami_ros.errors import ConfigError
from ami_ros.sim.camera.variation_settings import VariationSettings

Triple = tuple[float, float, float]
PATTERNS = ("clouds", "grain", "checks", "stripes")
VARIANTS = 8  # of each pattern
TINTS = 12  # this many surface colours are tinted independently
SCENERY = 2  # the first colours are table and wall
WORST_JPEG_QUALITY = 4
LARGEST_SCALE = 10.0
FLATTEST_LIGHT = 0.2  # least height of the light's direction: it never comes from below the table


@dataclass(frozen=True)
class Light:
    """One lamp, far away; the default is PyBullet's own, so that it changes nothing.

    Attributes:
        direction: toward the lamp, any length.
        ambient, diffuse, specular: coefficients.
        colour: of the lamp, RGB in [0, 1] and somewhat above.
    """

    direction: Triple = (-50.0, 30.0, 100.0)
    ambient: float = 0.6
    diffuse: float = 0.35
    specular: float = 0.05
    colour: Triple = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Texture:
    """One of the PATTERNS on a surface, in one of its VARIANTS; `contrast` in [0, 1] is its depth."""

    pattern: str
    variant: int
    contrast: float


@dataclass(frozen=True)
class CameraShift:
    """Where the camera is instead: `offset` (3,) m in the base frame, then turned about itself."""

    offset: Triple = (0.0, 0.0, 0.0)
    right_deg: float = 0.0
    up_deg: float = 0.0
    roll_deg: float = 0.0


@dataclass(frozen=True)
class Exposure:
    """The sensor's response: value -> channel gain * 2^stops * value^gamma, in [0, 1]."""

    stops: float = 0.0
    gamma: float = 1.0
    red: float = 1.0
    blue: float = 1.0


@dataclass(frozen=True)
class View:
    """What varies per camera; every default is "unchanged".

    Attributes:
        camera: its displacement.
        exposure: the sensor's response.
        noise_std: of the sensor, grey levels of 255.
        blur_sigma: px.
        jpeg_quality: 1 to 100; None means not compressed.
    """

    camera: CameraShift = CameraShift()
    exposure: Exposure = Exposure()
    noise_std: float = 0.0
    blur_sigma: float = 0.0
    jpeg_quality: int | None = None


@dataclass(frozen=True)
class Variation(View):
    """One episode's world and first camera; every default is "unchanged".

    Attributes:
        light: the lamp.
        tints: factors on the surface colours, in the order in which the scene was painted.
        textures: on table and wall.
        further: of the second camera, the third, ...; missing ones equal the first.
    """

    light: Light = Light()
    tints: tuple[Triple, ...] = ()
    textures: tuple[Texture, ...] = ()
    further: tuple[View, ...] = ()

    def view(self, camera: int) -> View:
        """Return what varies for a camera, counted from 0."""
        return self.further[camera - 1] if 0 < camera <= len(self.further) else self


CLEAN = Variation()


class _Draw:
    """Draws one kind of variation; `scale` and `exactly` set how far (see `draw_variation`)."""

    def __init__(
        self, settings: VariationSettings, generator: np.random.Generator, scale: float, exactly: bool
    ) -> None:
        self._settings, self._generator = settings, generator
        self._scale, self._exactly = scale, exactly

    def _far(self, share: float) -> float:
        """Return how many times the range a draw extends; `share` is in [0, 1]."""
        if self._exactly:
            return self._scale
        return share * self._scale if self._scale <= 1.0 else 1.0 + share * (self._scale - 1.0)

    def _sway(self, largest: float) -> float:
        """To either side."""
        share = float(self._generator.uniform(-1.0, 1.0))
        return math.copysign(self._far(abs(share)), share) * largest

    def _upto(self, largest: float) -> float:
        """To one side."""
        return self._far(float(self._generator.uniform())) * largest

    def _factors(self, largest: float) -> Triple:
        red, green, blue = (max(0.05, 1.0 + self._sway(largest)) for _ in range(3))
        return red, green, blue

    def _ball(self, radius: float, dimensions: int) -> list[float]:
        """To all sides, uniform in a ball. Source: radius by inverse transform, u^(1/n)."""
        direction = self._generator.normal(size=dimensions)
        length = self._far(float(self._generator.uniform()) ** (1.0 / dimensions)) * radius
        return [float(v) for v in direction / np.linalg.norm(direction) * length]

    def light(self) -> Light:
        usual = Light()
        up = np.array(usual.direction) / np.linalg.norm(usual.direction)
        axis = np.cross(up, self._generator.normal(size=3))
        axis /= np.linalg.norm(axis)
        turn = math.radians(min(90.0, self._upto(self._settings.light_tilt_deg)))
        x, y, z = (float(v) for v in up * math.cos(turn) + np.cross(axis, up) * math.sin(turn))
        strength = self._settings.light_strength
        return Light(
            direction=(x, y, max(z, FLATTEST_LIGHT)),
            ambient=max(0.1, usual.ambient + self._sway(strength)),
            diffuse=max(0.0, usual.diffuse + self._sway(strength)),
            colour=self._factors(self._settings.light_tint),
        )

    def colours(self) -> tuple[Triple, ...]:
        scenery, other = self._settings.scenery_tint, self._settings.object_tint
        return tuple(self._factors(scenery if i < SCENERY else other) for i in range(TINTS))

    def textures(self) -> tuple[Texture, ...]:
        deepest = self._settings.texture_contrast
        return tuple(
            Texture(
                pattern=PATTERNS[self._generator.integers(len(PATTERNS))],
                variant=int(self._generator.integers(VARIANTS)),
                # In few steps: the simulator keeps every texture that it has shown.
                contrast=min(1.0, self._far(int(self._generator.integers(1, 5)) / 4) * deepest),
            )
            for _ in range(SCENERY)
        )

    def camera_pose(self) -> CameraShift:
        x, y, z = self._ball(self._settings.camera_position, 3)
        right, up = self._ball(self._settings.camera_rotation_deg, 2)
        return CameraShift((x, y, z), right, up, self._sway(self._settings.camera_rotation_deg))

    def exposure(self) -> Exposure:
        return Exposure(
            stops=self._sway(self._settings.exposure_stops),
            gamma=max(0.1, 1.0 + self._sway(self._settings.exposure_gamma)),
            red=max(0.1, 1.0 + self._sway(self._settings.white_balance)),
            blue=max(0.1, 1.0 + self._sway(self._settings.white_balance)),
        )

    def noise(self) -> float:
        return self._upto(self._settings.noise_std)

    def blur(self) -> float:
        return self._upto(self._settings.blur_sigma)

    def jpeg(self) -> int:
        return max(WORST_JPEG_QUALITY, round(100.0 - self._upto(self._settings.jpeg_loss)))


_KINDS: dict[str, tuple[str, Callable[[_Draw], object]]] = {
    "light": ("light", _Draw.light),
    "colours": ("tints", _Draw.colours),
    "textures": ("textures", _Draw.textures),
    "camera_pose": ("camera", _Draw.camera_pose),
    "exposure": ("exposure", _Draw.exposure),
    "noise": ("noise_std", _Draw.noise),
    "blur": ("blur_sigma", _Draw.blur),
    "jpeg": ("jpeg_quality", _Draw.jpeg),
}
NAMES = tuple(_KINDS)


def draw_variation(
    settings: VariationSettings,
    generator: np.random.Generator,
    names: Sequence[str] = NAMES,
    scale: float = 1.0,
    exactly: bool = False,
    cameras: int = 1,
) -> Variation:
    """Draw one variation of the kinds in `names`; the draw of each kind is independent of the others.

    Args:
        settings: the range of each kind.
        generator: advances by one draw.
        names: of NAMES.
        scale: 1.0 draws from the training range and 0.5 from its inner half; 2.0 draws beyond it, up to
            twice as far.
        exactly: go exactly as far as `scale`, to a random side, not up to there.
        cameras: how many there are; each has its own draw of a View.

    Raises:
        ConfigError: an unknown name, or a scale that is not in 0 to LARGEST_SCALE.
    """
    if unknown := [name for name in names if name not in _KINDS]:
        raise ConfigError(f"perturbation: got {unknown}, expected some of {list(NAMES)}")
    if not 0.0 <= scale <= LARGEST_SCALE:  # NaN is not
        raise ConfigError(f"perturbation scale: got {scale}, expected 0 to {LARGEST_SCALE:g}")
    seed = int(generator.integers(2**63))

    def drawn(camera: int) -> dict[str, object]:
        # The first camera's numbers do not depend on whether there are others.
        which = [camera] if camera else []
        return {
            field: draw(_Draw(settings, np.random.default_rng([seed, index, *which]), scale, exactly))
            for index, (name, (field, draw)) in enumerate(_KINDS.items())
            if name in names and (not camera or field in View.__dataclass_fields__)
        }

    further = tuple(View(**drawn(camera)) for camera in range(1, cameras))  # type: ignore[arg-type]
    plain = all(view == View() for view in further)
    return Variation(**drawn(0), further=() if plain else further)  # type: ignore[arg-type]


def varied_kinds(settings: VariationSettings, generator: np.random.Generator) -> list[str]:
    """Draw which kinds vary, each independently."""
    return [name for name in NAMES if generator.uniform() < settings.share]


def training_variation(
    settings: VariationSettings, generator: np.random.Generator, cameras: int = 1
) -> Variation:
    """Draw the variation of one recorded episode: nothing at all, or each kind independently."""
    clean = generator.uniform() < settings.clean_share
    varied = varied_kinds(settings, generator)
    drawn = draw_variation(settings, generator, varied, cameras=cameras)
    return CLEAN if clean else drawn


def beyond_variation(
    settings: VariationSettings,
    generator: np.random.Generator,
    name: str,
    scale: float,
    cameras: int = 1,
) -> Variation:
    """Draw a variation as in training, except for the kind `name`, which lies beyond it.

    Args:
        settings: the range of each kind.
        generator: random numbers.
        name: of NAMES.
        scale: largest multiple of the range, at least 1.
        cameras: how many there are.
    """
    inside = training_variation(settings, generator, cameras)
    field = _KINDS[name][0]
    beyond = draw_variation(settings, generator, [name], scale, cameras=cameras)
    changed = replace(inside, **{field: getattr(beyond, field)})
    if field not in View.__dataclass_fields__:
        return changed
    further = [
        replace(inside.view(camera), **{field: getattr(beyond.view(camera), field)})
        if inside.further
        else View(**{field: getattr(beyond.view(camera), field)})
        for camera in range(1, cameras)
    ]
    return replace(changed, further=tuple(further))
