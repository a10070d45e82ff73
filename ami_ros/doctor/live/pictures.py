# SPDX-License-Identifier: Apache-2.0
"""Whether a camera's pictures have the YAML's size, are readable, and are current."""

from __future__ import annotations

import enum
import itertools

from ami_ros.body.sensors import ImageSensor
from ami_ros.doctor.finding import Finding
from ami_ros.doctor.live.heard import HeardTopic, Picture

ASPECT_OFF = 0.02  # largest relative difference in width / height from the model's
REPEATED_SHARE = 0.1  # of pictures; more is no coincidence


class Stir(enum.Enum):
    """Motion that the other sensors report meanwhile."""

    STILL = "nothing moved"
    ALIVE = "other sensors changed"
    MOVED = "the robot moved"


def picture(sensor: ImageSensor, heard: HeardTopic) -> Finding:
    """Check size and encoding."""
    name = f"{sensor.name}: picture"
    bad = [sample.error for sample in heard.samples if sample.error]
    if bad:
        found = f"{len(bad)} of {len(heard.samples)} are unusable: {bad[0]}"
        advice = "make the driver publish complete rgb8 or bgr8 images (image_proc makes them from raw ones)"
        if "at most" in bad[0]:
            advice = "make the camera send smaller pictures, or raise max_image_pixels in config/node.yaml"
        return Finding(name, "fail", found, advice)
    layouts = list(dict.fromkeys(s.value for s in heard.samples if isinstance(s.value, Picture)))
    sizes = list(dict.fromkeys((one.width, one.height) for one in layouts))
    found = " and ".join(f"{one.width}x{one.height} {one.encoding}" for one in layouts)
    if len(sizes) > 1:
        return Finding(name, "warn", found, "make the camera keep one size")
    width, height = sizes[0]
    figures = {"width": float(width), "height": float(height)}
    if (width, height) != (sensor.width, sensor.height):
        key, expected = f"sensors.{sensor.name}", f"{sensor.width}x{sensor.height} in the YAML"
        advice = f"write width: {width} and height: {height} in {key}"
        if abs(width / height / sensor.aspect - 1.0) > ASPECT_OFF:
            advice += (
                "; a model for the other aspect ratio refuses them: crop them, or train a model for this "
                "camera"
            )
            return Finding(name, "fail", f"{found}, {expected}", advice, figures)
        return Finding(
            name, "warn", f"{found}, {expected}", f"{advice}, or make the camera send those", figures
        )
    if any(one.is_blank for one in layouts):
        advice = "remove the lens cap; check the exposure and whether this is the right stream"
        return Finding(name, "warn", f"{found}, all pixels are equal", advice, figures)
    return Finding(name, "ok", found, "", figures)


def frozen(sensor: ImageSensor, heard: HeardTopic, stir: Stir) -> Finding | None:
    """Check that no two pictures are bit-identical; a simulator's are while nothing moves.

    None without pictures to compare.
    """
    name, contents = f"{sensor.name}: frozen", [s.content for s in heard.samples if s.content is not None]
    if not contents:
        return None
    repeats = sum(one == other for one, other in itertools.pairwise(contents))
    found = f"{repeats} of {len(contents)} pictures repeat the previous one"
    figures = {"repeated_share": repeats / len(contents)}
    if repeats <= REPEATED_SHARE * len(contents):
        return Finding(name, "ok", found, "", figures)
    found = f"{found}; {stir.value}"
    if stir is Stir.STILL:
        return Finding(name, "ok", found, "", figures)
    is_stuck = stir is Stir.MOVED and len(set(contents)) == 1
    advice = (
        "a real camera never repeats a picture (a simulated one does while little moves): restart its "
        "driver, or make it publish each picture once"
    )
    return Finding(name, "fail" if is_stuck else "warn", found, advice, figures)
