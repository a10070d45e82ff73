# SPDX-License-Identifier: Apache-2.0
"""Pictures of a memory: a contact sheet of moments, and the way of an episode."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from matplotlib.figure import Figure

from ami_ros.errors import MemoryFileError, printable
from ami_ros.memory.moment import Remembered
from ami_ros.memory.reader import MemoryReader
from ami_ros.report.plots import ACCENT, BAD, GOOD, GREY, as_png
from ami_ros.types import RARE_SURPRISE

COLUMNS, SIDE = 8, 1.1  # pictures in a row; inches of each
MOST = 64  # moments on a sheet: more are thinned out evenly
MOST_PICTURES = 4 * MOST  # of all cameras: drawing takes a second for 30, and more for each of many
LONGEST_CAPTION = 40  # characters: as wide as two pictures

Item = TypeVar("Item")


def thinned(some: Sequence[Item], most: int = MOST) -> list[Item]:
    """Return at most `most` items, evenly spread, with the first and the last."""
    if len(some) <= most:
        return list(some)
    return [some[place] for place in np.linspace(0, len(some) - 1, most).round().astype(int)]


def contact_sheet(moments: Sequence[Remembered], title: str) -> bytes:
    """Draw the images of each camera, moment by moment, as PNG.

    Raises:
        MemoryFileError: there are no pictures.
    """
    pictures = thinned([(one, camera) for one in moments for camera in one.moment.images], MOST_PICTURES)
    if not pictures:
        raise MemoryFileError(
            "got moments without pictures, expected some with pictures; this body has no camera"
        )
    columns = min(COLUMNS, len(pictures))
    rows = math.ceil(len(pictures) / columns)
    figure = Figure(figsize=(columns * SIDE, rows * (SIDE + 0.3) + 0.4), layout="constrained")
    figure.suptitle(printable(title), fontsize=9, color=GREY, parse_math=False)
    places = figure.subplots(rows, columns, squeeze=False).flat
    for place, (found, camera) in zip(places, pictures, strict=False):
        place.imshow(found.moment.images[camera])
        caption = _caption(found, camera, len(found.moment.images))
        place.set_title(caption, fontsize=6, color=_colour(found), parse_math=False)
    for place in figure.axes:
        place.axis("off")
    return as_png(figure, transparent=False)


def _caption(found: Remembered, camera: str, cameras: int) -> str:
    name = _short(", ".join(found.names) or f"#{found.id}")
    return name if cameras == 1 else f"{name}\n{_short(camera)}"


def _short(text: str) -> str:
    line = printable(text[:LONGEST_CAPTION])
    return line if len(line) == len(text) else f"{line[: LONGEST_CAPTION - 1]}…"


def _colour(found: Remembered) -> str:
    if found.names:
        return ACCENT
    return BAD if (found.moment.surprise or 0.0) > RARE_SURPRISE else GREY


def episode_picture(memory: MemoryReader, moments: Sequence[Remembered], model: str, title: str) -> bytes:
    """Draw the way of an episode among all remembered states, and the distance to the goal, as PNG.

    The plane is the one in which the remembered states differ most.
    Source: principal component analysis; Pearson, "On lines and planes of closest fit" (1901).

    Raises:
        MemoryFileError: that model knows no state of these moments.
    """
    ids, states = memory.states(model)
    own = np.isin(ids, [found.id for found in moments])
    if not own.any():
        raise MemoryFileError(
            "got no state of this episode, expected some; `ami-ros memory reindex` computes them"
        )
    centred = states.astype(np.float32) - states.astype(np.float32).mean(axis=0)
    _, _, axes_of = np.linalg.svd(centred[:: max(1, len(centred) // 5000)], full_matrices=False)
    flat = centred @ axes_of[:2].T if len(axes_of) > 1 else np.pad(centred @ axes_of.T, ((0, 0), (0, 1)))
    figure = Figure(figsize=(8.0, 3.6), layout="constrained")
    figure.suptitle(printable(title), fontsize=9, color=GREY, parse_math=False)
    plane, far = figure.subplots(1, 2)
    plane.scatter(*flat[:: max(1, len(flat) // 3000)].T, s=3, color=GREY, alpha=0.3, linewidths=0)
    plane.plot(*flat[own].T, color=ACCENT, linewidth=1.2)
    plane.scatter(*flat[own][0], color=ACCENT, s=24, zorder=3)
    plane.scatter(*flat[own][-1], color=GOOD, s=24, zorder=3)
    plane.set(xticks=[], yticks=[], xlabel="first component", ylabel="second")
    told = [(f.moment.stamp_ns, f.moment.distance) for f in moments if f.moment.distance is not None]
    if told:
        times, distances = np.array(told, dtype=float).T
        far.plot((times - times[0]) / 1e9, distances, color=ACCENT, linewidth=1.2)
    far.set(xlabel="time [s]", ylabel="distance to the goal [control steps]", ylim=(0, None))
    return as_png(figure, transparent=False)
