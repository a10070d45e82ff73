# SPDX-License-Identifier: Apache-2.0
"""A decoder on disk, next to the model that it belongs to, and what it shows.

It is a file of its own, `decoder.pt`: the planner's file stays as it was measured, to the bit, and a model
without a decoder plans as well.
"""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ami_ros.errors import ModelFileError, shown
from ami_ros.model.export import write_scripted
from ami_ros.model.files import read_verified
from ami_ros.model.networks.decoder import SIDE, Decoder
from ami_ros.model.networks.pixels import fitted
from ami_ros.model.scripted import load_scripted
from ami_ros.model.weights import round_to_half
from ami_ros.settings.fields import is_file
from ami_ros.settings.strict_text import parse_json
from ami_ros.types import ImageArray

DECODER, FACTS_FILE, FORMAT = "decoder.pt", "decoder.json", 1
MOST_FACTS_BYTES = 100_000
GREY, PAPER = 0.55, 0.92  # of the range of a colour: what the model does not know, and what it is unsure of


@dataclass(frozen=True)
class DecoderFacts:
    """What a decoder was measured to be worth on held-out episodes.

    Attributes:
        horizon: action blocks ahead for which it was fitted (T).
        errors: truth or joints -> median distance between the place read off a drawing and the true one,
            for 0 to T action blocks ahead, in the truth's unit (m or rad).
    """

    horizon: int
    errors: dict[str, list[float]]

    def in_words(self) -> list[str]:
        """Return for each place how far off it is in a drawing: of now, and at the horizon."""
        return [
            f"{name.replace('_', ' ')} read off a drawing: off by {far[0]:.3g} now, by {far[-1]:.3g} "
            f"{self.horizon} action blocks ahead (median on held-out episodes, m or rad)"
            for name, far in self.errors.items()
        ]

    def to_json(self, model_sha256: str, camera: str) -> str:
        """Return the facts as text, with the hash of the model's file and the camera."""
        bound = {"format": FORMAT, "model_sha256": model_sha256, "camera": camera}
        return json.dumps({**bound, **dataclasses.asdict(self)})


class Imagination:
    """Draws what a model expects.

    Args:
        module: a loaded `Decoder`.
        facts: what it is worth.
        camera: name of the camera that it draws.
    """

    def __init__(self, module: Any, facts: DecoderFacts, camera: str) -> None:
        self._module, self.facts, self.camera = module, facts, camera

    def pictures(
        self, image: ImageArray, state: NDArray[np.float32], predicted: NDArray[np.float32], known: bool
    ) -> ImageArray:
        """Return pictures (T, S, S, 3) uint8 of the next action blocks, as honest as they can be.

        They fade to `PAPER` where predictions so far ahead have been wrong. They are grey where the present
        picture is not as the model knows it, and everywhere if not `known`.

        Args:
            image: (H, W, 3) uint8, the camera's present picture.
            state: (Z,) the model's state now.
            predicted: (T, Z) states after each action block.
            known: False: the model reports surprise, or doubts its plan.
        """
        size = self._module.mean.shape[0]
        blocks = predicted[: self.facts.horizon, :size]
        with torch.inference_mode():
            present = fitted(torch.from_numpy(np.ascontiguousarray(image)).unsqueeze(0), SIDE)
            layers = self._module.imagine(
                present, torch.from_numpy(state[:size].copy()).unsqueeze(0), torch.from_numpy(blocks.copy())
            ).numpy()
        colours, sure, seen = layers[..., :3], layers[..., 3:4], layers[..., 4:5] * float(known)
        honest = PAPER + sure * (colours - PAPER)
        honest = GREY + seen * (honest - GREY)
        return np.asarray(np.rint(honest * 255.0), dtype=np.uint8)


def decoder_of(model: Path) -> Path:
    """Return where the decoder of a model lies: next to it."""
    return model.with_name(DECODER)


def load_imagination(model: Path, sha256: str) -> Imagination | None:
    """Return what draws a model's states; None if it has no decoder.

    Args:
        model: path of the model.
        sha256: hash of the model's file.

    Raises:
        ModelFileError: the decoder is altered, cannot be loaded, or belongs to another model.
    """
    path = decoder_of(model)
    if not is_file(path):
        return None
    file = read_verified(path)
    facts, bound, camera = _facts(file.content, path)
    if bound != sha256:
        raise ModelFileError(
            f"{path}: got the decoder of model {bound[:12]}, expected {sha256[:12]}; fit it again with "
            f"`ami-ros imagine --model {model}`, or remove it"
        )
    return Imagination(load_scripted(file, torch.device("cpu")), facts, camera)


def _facts(content: bytes, path: Path) -> tuple[DecoderFacts, str, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            (found,) = [one for one in archive.infolist() if one.filename.endswith(f"/extra/{FACTS_FILE}")]
            if found.file_size > MOST_FACTS_BYTES:
                raise ValueError(f"facts of {found.file_size} bytes, expected at most {MOST_FACTS_BYTES}")
            values = parse_json(archive.read(found))
        if values["format"] != FORMAT:
            raise ValueError(f"format {shown(values['format'])}, expected {FORMAT}")
        errors = {str(k): [float(far) for far in v] for k, v in values["errors"].items()}
        facts = DecoderFacts(int(values["horizon"]), errors)
        return facts, str(values["model_sha256"]), str(values["camera"])
    except Exception as error:  # zipfile and zlib raise a dozen kinds on damaged archives
        raise ModelFileError(f"{path}: not a decoder of ami_ros ({error})") from error


def write_decoder(module: Decoder, facts: DecoderFacts, camera: str, model: Path, sha256: str) -> Path:
    """Write a decoder next to the model that it belongs to, with its hash; return its path.

    Raises:
        OutputError: it cannot be written.
    """
    path = decoder_of(model)
    round_to_half(module)
    files = {FACTS_FILE: facts.to_json(sha256, camera)}
    write_scripted(module.eval(), path, files, ["mismatch", "imagine"], freeze=False)
    return path
