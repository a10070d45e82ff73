# SPDX-License-Identifier: Apache-2.0
"""The animated picture of what a planner expects to see while it moves, next to what its camera sees.

PYTHONPATH=docs python -m generate.imagined
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

import ami_ros
from ami_ros.model.imagination import Imagination, load_imagination
from ami_ros.planning.planner import RecedingHorizonPlanner
from ami_ros.settings.share import shipped_model
from ami_ros.types import ImageArray

PICTURE = Path(__file__).resolve().parents[1] / "images" / "imagined.gif"
ROBOT, TASK = "panda", "reach"
SEEDS, STEPS = (3, 5, 8), 16
LARGE, SMALL, GAP, LINE = 230, 112, 8, 20  # px
PAPER, INK = (250, 250, 250), (60, 60, 60)
COLOURS = 96


def frames() -> Iterator[ImageArray]:
    """Yield a frame (H, W, 3) for each control step."""
    environment = ami_ros.make_env(ROBOT, TASK)
    planner = ami_ros.load_planner(ROBOT, TASK)
    if not isinstance(planner, RecedingHorizonPlanner):
        raise TypeError(f"got {type(planner).__name__}, expected a planner with a world model")
    drawing = load_imagination(shipped_model(ROBOT, TASK), planner.model.sha256)
    if drawing is None:
        raise FileNotFoundError(f"no decoder next to {shipped_model(ROBOT, TASK)}")
    for seed in SEEDS:
        environment.reset(seed=seed)
        planner.set_goal(environment.goal)
        for _ in range(STEPS):
            plan = planner.plan(environment.observation)
            seen = environment.observation[drawing.camera].value
            yield _frame(seen, environment.goal.images[drawing.camera], _expected(drawing, seen, plan))
            environment.step(plan.actions[0, 0])


def _expected(drawing: Imagination, seen: ImageArray, plan: ami_ros.Plan) -> list[ImageArray]:
    known = (plan.surprise or 0.0) <= 1.0
    return list(drawing.pictures(seen, plan.state, plan.predicted, known))


def _frame(seen: ImageArray, goal: ImageArray, expected: list[ImageArray]) -> ImageArray:
    width = len(expected) * (SMALL + GAP) + GAP
    page = np.full((2 * LINE + LARGE + SMALL + 3 * GAP, width, 3), PAPER, np.uint8)
    margin = (width - 2 * LARGE) // 3
    for place, (name, picture) in enumerate((("camera", seen), ("goal", goal))):
        _paste(page, picture, LARGE, LINE, margin + place * (LARGE + margin), name)
    top = 2 * LINE + LARGE + GAP
    for place, picture in enumerate(expected):
        name = "expected next" if place == 0 else f"+{place + 1}"
        _paste(page, picture, SMALL, top, GAP + place * (SMALL + GAP), name)
    return page


def _paste(page: ImageArray, picture: ImageArray, side: int, top: int, left: int, name: str) -> None:
    large = cv2.resize(picture, (side, side), interpolation=cv2.INTER_CUBIC)
    page[top : top + side, left : left + side] = large
    cv2.putText(page, name, (left, top - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.42, INK, 1, cv2.LINE_AA)


def main() -> None:
    """Write PICTURE: one palette for all frames, so that what stands still costs nothing."""
    pictures = [Image.fromarray(frame) for frame in frames()]
    mosaic = Image.fromarray(np.hstack([np.array(picture) for picture in pictures[:: STEPS // 2]]))
    palette = mosaic.quantize(COLOURS, dither=Image.Dither.NONE)
    small = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture in pictures]
    small[0].save(PICTURE, save_all=True, append_images=small[1:], duration=150, loop=0, optimize=True)
    print(f"{PICTURE}: {len(small)} frames, {PICTURE.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
