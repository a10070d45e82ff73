# SPDX-License-Identifier: Apache-2.0
"""Two processes that share the images of each step take the steps that one process takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from robots import made_up_robot
from small_data import write_episodes
from small_model import SETTINGS
from small_training import TRAINING

from ami_ros.errors import TrainingError
from ami_ros.model.known import inputs_of
from ami_ros.training import precision
from ami_ros.training.pipeline import build_trainer, load_split
from ami_ros.training.share import Share
from ami_ros.training.trainer import Trainer

STEPS, PROCESSES = 6, 2
CHILD = """
import dataclasses, json, sys
from pathlib import Path
sys.path[:0] = {path!r}
from test_share import losses_of, make_trainer
from ami_ros.training import precision
precision.BFLOAT16 = {bfloat16}
from ami_ros.training.share import joined
with joined() as share:
    trainer = make_trainer(Path({data!r}), share)
    Path({out!r}, f"{{share.rank}}.json").write_text(json.dumps(losses_of(trainer)))
    trainer.save(Path({out!r}, f"{{share.rank}}.pt"))
"""


def make_trainer(data: Path, share: Share) -> Trainer:
    spec = made_up_robot(action_block=1)
    paths = sorted(data.glob("*.npz"))
    split = load_split(paths, TRAINING.held_out, lambda: None, inputs_of(spec))
    return build_trainer(split, spec, SETTINGS, TRAINING, share=share)


def losses_of(trainer: Trainer) -> list[dict[str, float]]:
    return [losses for _, losses in zip(range(STEPS), trainer.run(), strict=False)]


def weights_in(checkpoint: Path) -> torch.Tensor:
    networks = torch.load(checkpoint, weights_only=True)["model"].values()
    return torch.cat([value.flatten().float() for network in networks for value in network.values()])


NATIVE = pytest.mark.skipif(
    not precision.trains_faster_in_bfloat16(), reason="this processor does not train in bfloat16"
)


# In bfloat16, which has 8 bits, sums of another order differ by more, and by most where it is only imitated.
@pytest.mark.quick("False-0.001")
@pytest.mark.parametrize(("bfloat16", "close"), [(False, 1e-3), pytest.param(True, 3e-2, marks=NATIVE)])
def test_two_processes_give_the_loss_curve_and_the_weights_of_one(tmp_path, monkeypatch, bfloat16, close):
    monkeypatch.setattr(precision, "BFLOAT16", bfloat16)
    data = tmp_path / "data"
    write_episodes(data, 12)
    path = [str(Path(__file__).parent), *sys.path]
    code = CHILD.format(path=path, data=str(data), out=str(tmp_path), bfloat16=bfloat16)
    (tmp_path / "child.py").write_text(code)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    done = subprocess.run(
        [*torchrun, str(PROCESSES), tmp_path / "child.py"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120.0,
    )
    assert done.returncode == 0, done.stderr
    trainer = make_trainer(data, Share())
    expected = losses_of(trainer)
    trainer.save(tmp_path / "one.pt")
    curves = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(PROCESSES)]
    for curve in curves:
        for one, shared in zip(expected, curve, strict=True):
            assert shared == pytest.approx(one, rel=close)
    assert curves[0] == curves[1]
    one, *shared = (weights_in(tmp_path / f"{name}.pt") for name in ("one", *range(PROCESSES)))
    for weights in shared:
        # By and large: where a gradient is zero but for rounding, AdamW takes steps of full size.
        assert (weights - one).norm() < 0.01 * one.norm()


def test_images_that_cannot_be_shared_evenly_are_refused():
    with pytest.raises(TrainingError, match="got 5 images per step for 2 processes"):
        Share(0, 2).encoded(lambda images: images.float(), np.zeros((5, 2, 2, 3), np.uint8))


def test_alone_nothing_changes():
    share, weights = Share(), torch.ones(3, requires_grad=True)
    (2.0 * weights).sum().backward()
    share.average([weights])
    assert weights.grad.tolist() == [2.0, 2.0, 2.0]
    assert share.leads and share.any(True) and not share.any(False)
    images = np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3)
    assert share.encoded(lambda x: x, images).dtype == torch.float32
