# SPDX-License-Identifier: Apache-2.0
"""The world model of the engine's logs, trained where there is none."""

from __future__ import annotations

from pathlib import Path

from ami_ros.body.robot_spec import RobotSpec
from ami_ros.cli.train import train
from benchmarks.turbofan.bars import Bars
from benchmarks.turbofan.limits import STEPS
from benchmarks.turbofan.recording import Logs
from benchmarks.turbofan.world import World

HERE = Path(__file__).parent
ROBOT, TASK = HERE / "turbofan.yaml", HERE / "task.yaml"
FOLDER = Path("runs/turbofan")
LOGGED = 20_000  # control steps, at most


def model_in(folder: Path) -> Path:
    """Return where the model of a folder is, or will be."""
    return folder / "model.pt"


def flown_logs(world: World, steps: int, bars: Bars) -> Logs:
    """Fly the logs of `steps` control steps at most, under a progress bar."""
    on_flight = bars("flights", steps // STEPS)
    return Logs(world, steps, lambda: on_flight(1))


def trained(logs: Logs, spec: RobotSpec, folder: Path) -> Path:
    """Return the model of a folder; without one there, train it on logs."""
    data, model = folder / "episodes", model_in(folder)
    if not model.is_file():
        logs.write(data, spec)
        train(data=data, out=model, robot=str(ROBOT), task=str(TASK))
    return model
