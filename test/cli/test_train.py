# SPDX-License-Identifier: Apache-2.0
"""`ami-ros train` when it is stopped, started twice, or has nowhere to write."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from command import Running, error_line, run
from part_settings import load_training_settings

from ami_ros.body.robot_spec import load_robot
from ami_ros.cli.train import train as train_verb
from ami_ros.cli.training_run import prepare_run
from ami_ros.configuration import Configuration
from ami_ros.episodes.episode import EpisodeRecord, write_episode
from ami_ros.episodes.recorded_body import recorded_body
from ami_ros.errors import ContractError, TrainingError
from ami_ros.model.files import read_verified
from ami_ros.model.restore import restored
from ami_ros.model.weights import weights_sha256
from ami_ros.settings.share import shipped_model
from ami_ros.system import stop_request
from ami_ros.training.settings import training_changes

pytest.importorskip("tensorboard", reason="needs the extra 'train'", exc_type=ImportError)
EPISODES, STEPS, SIDE = 6, 30, 64
LONG, FEW, SHORT = 100_000, 60, 3  # training steps: more than are made before the end; half a minute; seconds
SOON_S = 30.0  # 2 s are promised; the machine may be busy


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """Noise of the right shapes: nothing is learnt here."""
    folder, generator, spec = tmp_path_factory.mktemp("data"), np.random.default_rng(0), load_robot("panda")
    joints = len(spec.joint_names)

    def draw(*shape: int) -> np.ndarray:
        return generator.normal(size=shape).astype(np.float32)

    for index in range(EPISODES):
        images = generator.integers(0, 256, (STEPS + 1, SIDE, SIDE, 3), dtype=np.uint8)
        record = EpisodeRecord(
            images={"camera": images},
            vectors={"joints": draw(STEPS + 1, 2 * joints)},
            actions=draw(STEPS, spec.action_size),
            truth={"tip": draw(STEPS + 1, 3), "objects": draw(STEPS + 1, 0, 3)},
            look=np.asarray(index, dtype=np.int64),
            body=recorded_body(spec),
        )
        write_episode(folder / f"episode_{index:06d}.npz", record)
    return folder


def train(data: Path, out: Path, steps: int = LONG) -> tuple[object, ...]:
    return ("train", "--data", data, "--out", out, "--steps", steps, "--threads", 1)


def logged(out: Path) -> list[Path]:
    """Return the log that is opened right before the first step."""
    return list(out.parent.glob("tensorboard/*"))


def test_a_stopped_training_saves_the_step_that_it_is_at(data, tmp_path, monkeypatch):
    monkeypatch.setattr(stop_request, "PATIENCE_S", 120.0)  # however long a step takes here
    out, before = tmp_path / "model.pt", signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def stop() -> None:
        while signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:  # nobody listens yet
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop, daemon=True).start()
    try:
        with pytest.raises(SystemExit) as ended:
            train_verb(data=data, out=out, robot="panda", task="reach", steps=FEW, threads=1)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 143
    assert 1 <= torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"] < FEW


def is_refused(data: Path, folder: Path, pid: int) -> None:
    """Start a second training in the folder that the process `pid` trains in."""
    line = error_line(run(*train(data, folder / "other.pt", SHORT)))
    assert str(folder) in line and str(pid) in line and "ami-ros train" in line


@pytest.mark.quick("2-130")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_training_with_one_line_and_the_next_goes_on(data, tmp_path, number, code):
    out = tmp_path / "model.pt"
    # On a machine where a step takes long, the one at hand is given up, and the last checkpoint is what is left.
    prepare_run(
        Configuration.load("panda", "reach", {"training": {"steps": LONG, "threads": 1}}), data
    ).trainer.save(tmp_path / "checkpoint.pt")
    with Running(*train(data, out)) as running:
        running.until(lambda: logged(out), "the first step")
        if number is signal.SIGTERM:
            is_refused(data, tmp_path, running.process.pid)
        else:
            time.sleep(1.0)  # in the middle of a step, or before the first
        assert running.process.poll() is None
        began = time.monotonic()
        os.kill(running.process.pid, number)
        ended = running.end()
        assert time.monotonic() - began < SOON_S
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert ended.stderr.splitlines()[-1] == f"stopped by {number.name}"
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [".train.lock", "checkpoint.pt", "tensorboard"]
    with Running(*train(data, out)) as again:  # an ended process leaves no lock
        for line in again.process.stderr:
            if line.startswith("continuing from step "):
                break
        else:
            pytest.fail(f"does not go on: {again.end()}")


def test_a_full_disk_ends_the_training_with_one_line_and_nothing_half(data, tmp_path):
    size = 20_000  # bytes a file may have: the log is smaller, a checkpoint larger
    line = error_line(run(*train(data, tmp_path / "model.pt", SHORT), most_bytes=size))
    assert "checkpoint.pt: cannot be written" in line
    assert sorted(path.name for path in tmp_path.iterdir()) == [".train.lock", "tensorboard"]


def test_fine_tuning_takes_the_weights_and_minutes_and_another_body_is_refused(data, tmp_path):
    start = shipped_model("panda", "reach")
    changes = training_changes(start, threads=1, steps=None)
    assert 0 < changes["steps"] < load_training_settings().steps and changes["threads"] == 1
    configuration = Configuration.load("panda", "reach", {"training": changes})
    run = prepare_run(configuration, data, start)
    network, contract = restored(read_verified(start))
    assert weights_sha256(run.trainer.model) == weights_sha256(network) == contract.weights_sha256
    assert training_changes(None, steps=SHORT) == {"steps": SHORT}
    with pytest.raises(ContractError, match="does not fit robot 'kuka_iiwa'"):
        prepare_run(Configuration.load("kuka_iiwa", "reach"), data, start)
    namesake = tmp_path / "another_panda.yaml"
    namesake.write_text("like: panda\n")
    prepare_run(Configuration.load(str(namesake), "reach"), data, start)


def test_encoders_of_another_robot_are_taken_and_those_of_two_cameras_refused(data):
    configuration = Configuration.load("panda", "reach", {"training": {"threads": 1}})
    other = shipped_model("kuka_iiwa", "reach")
    network = prepare_run(configuration, data, encoders=other).trainer.model
    taken = restored(read_verified(other))[0].encoders.state_dict()
    assert all(torch.equal(values, taken[name]) for name, values in network.encoders.state_dict().items())
    with pytest.raises(
        TrainingError, match="encoders: got those of a model with 2 cameras .* expected 1 cameras"
    ):
        prepare_run(configuration, data, encoders=shipped_model("panda_hand", "pick"))


def test_a_start_that_is_no_model_is_refused_before_the_work(data, tmp_path, ami_ros_here):
    (tmp_path / "bad.pt").write_bytes(b"no model")
    refused = ami_ros_here(
        "train", "--data", data, "--from", tmp_path / "bad.pt", "--out", tmp_path / "model.pt"
    )
    assert "no bad.pt.sha256 next to it" in error_line(refused)
