# SPDX-License-Identifier: Apache-2.0
"""One recorded episode on disk: a single .npz that appears whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ami_ros.episodes.npz import check_images, check_names, read_npz, split_names, write_npz
from ami_ros.episodes.recorded_body import RecordedBody, body_of_text
from ami_ros.errors import EpisodeError
from ami_ros.types import ImageArray

FORMAT_VERSION = 3
PLAIN_LOOK = 0
OWN_RUN = -1
INTENDED = "intended"
EPISODE_FILES = "episode_*.npz"


@dataclass(frozen=True, eq=False)
class EpisodeRecord:
    """S control steps and the S + 1 observations around them.

    Attributes:
        images: camera -> (S + 1, H, W, 3) uint8 RGB, already at the model's image size.
        vectors: sensor -> (S + 1, n) float32, in the sensor's units; for joints positions, then velocities.
        actions: (S, A) float32, in the channels' units.
        truth: name -> (S + 1, ...) float32, ground truth of the simulator, for probes and scoring only;
            training never reads it. For an arm `tip` (S + 1, 3) and `objects` (S + 1, M, 3), m.
        look: () int64. Episodes that look alike (colours, light, camera) share a number; 0 is the plain look.
        body: names and units of the sensors and channels.
        run: () int64. Episodes cut from one recording without a pause share a number; OWN_RUN is a run of its
            own, as every episode of the simulator is. Training holds out whole runs.
        intended: (S, A) float32, the actions that were meant, where noise and lapses changed what was done;
            the inverse model learns from them. None: what was done was meant.
    """

    images: Mapping[str, ImageArray]
    vectors: Mapping[str, NDArray[np.float32]]
    actions: NDArray[np.float32]
    truth: Mapping[str, NDArray[np.float32]]
    look: NDArray[np.int64]
    body: RecordedBody
    run: NDArray[np.int64] = field(default_factory=lambda: np.asarray(OWN_RUN, dtype=np.int64))
    intended: NDArray[np.float32] | None = None


def episode_arrays(record: EpisodeRecord) -> dict[str, Any]:
    """Return the arrays of an episode by name in the file."""
    return {
        **{f"image.{name}": array for name, array in record.images.items()},
        **{f"vector.{name}": array for name, array in record.vectors.items()},
        **{f"truth.{name}": array for name, array in record.truth.items()},
        "actions": record.actions,
        **({} if record.intended is None else {INTENDED: record.intended}),
        "look": record.look,
        "run": record.run,
        "body": np.asarray(record.body.to_text()),
    }


def episode_path(folder: Path, index: int) -> Path:
    """Return the path of episode `index` of a data set."""
    return folder / EPISODE_FILES.replace("*", f"{index:06d}")


def write_episode(path: Path, record: EpisodeRecord) -> None:
    """Write one episode, whole or not at all."""
    write_npz(path, FORMAT_VERSION, episode_arrays(record))


def read_episode(path: Path) -> EpisodeRecord:
    """Read one episode.

    Raises:
        EpisodeError: missing, truncated, of another format version, or with inconsistent lengths.
    """
    return checked_episode(path, read_npz(path, FORMAT_VERSION))


def checked_episode(path: Path, content: dict[str, NDArray[Any]]) -> EpisodeRecord:
    """Return the episode of these arrays. Raises EpisodeError: wrong names, types, shapes or lengths."""
    # Files of before 0.3 do not say it.
    content = {"run": np.asarray(OWN_RUN, dtype=np.int64), **content}
    text = content.get("body", np.asarray(""))
    if "body" in content and (text.shape != () or text.dtype.kind != "U"):
        raise EpisodeError(f"{path}: body: got {text.dtype} {text.shape}, expected one text")
    body = body_of_text(path, str(text)) if "body" in content else RecordedBody((), {}, ())
    images, vectors, truth = (split_names(content, kind) for kind in ("image", "vector", "truth"))
    wanted = [f"image.{name}" for name in body.images] + [f"vector.{name}" for name in body.vectors]
    wanted += [*(f"truth.{name}" for name in truth), "actions", "look", "run", "body"]
    check_names(path, content, {*wanted, *({INTENDED} & content.keys())})
    actions, look, run = content["actions"], content["look"], content["run"]
    intended = content.get(INTENDED)
    _check(path, "actions", actions, (len(actions) if actions.ndim else 0, len(body.channels)))
    if intended is not None:
        _check(path, INTENDED, intended, actions.shape)
    for name, number in (("look", look), ("run", run)):
        if number.dtype != np.int64 or number.ndim:
            raise EpisodeError(f"{path}: {name}: got {number.dtype} {number.shape}, expected one int64")
    rows = len(actions) + 1
    for name, array in images.items():
        check_images(path, f"image.{name}", array, rows)
    for name, array in vectors.items():
        _check(path, f"vector.{name}", array, (rows, len(body.vectors[name])))
    for name, array in truth.items():
        _check(path, f"truth.{name}", array, (rows, *array.shape[1:]))
    if 0 in actions.shape or not (images or vectors):
        raise EpisodeError(f"{path}: got no steps, channels or sensors, expected at least one of each")
    return EpisodeRecord(images, vectors, actions, truth, look, body, run, intended)


def _check(path: Path, name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.dtype != np.float32 or array.shape != shape:
        raise EpisodeError(f"{path}: {name}: got {array.dtype} {array.shape}, expected float32 {shape}")
    if not np.isfinite(array).all():
        raise EpisodeError(f"{path}: {name}: got NaN or infinity, expected finite numbers; record it again")


def list_episodes(folder: Path) -> list[Path]:
    """Return the finished episodes of a data set in order.

    Raises:
        EpisodeError: the folder does not exist, cannot be read or holds none.
    """
    try:
        paths = sorted(Path(folder).glob(EPISODE_FILES))
    except (OSError, ValueError) as error:  # a name longer than the system allows
        raise EpisodeError(f"{folder}: cannot be read: {error}") from error
    if not paths:
        raise EpisodeError(f"{folder}: no episodes ({EPISODE_FILES}); run `ami-ros collect` first")
    return paths
