# SPDX-License-Identifier: Apache-2.0
"""How reliably surprise separates a broken camera, or an unknown object in view, from the usual."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ami_ros.errors import ConfigError
from ami_ros.evaluation.direct_episodes import DirectRunner
from ami_ros.evaluation.experiment import Experiment
from ami_ros.evaluation.figures import step_s
from ami_ros.sim.faults.broken_camera import BROKEN, MOVED, BrokenCamera
from ami_ros.sim.faults.catalogue import Catalogue
from ami_ros.sim.faults.injection import FaultInjection
from ami_ros.sim.faults.kinds import MODEL_S
from ami_ros.training.rank import roc_auc
from ami_ros.types import RARE_SURPRISE, FloatArray

CLEAN = "clean"
ONSET_S = 0.5  # into an episode, before anything breaks: the body is in motion
SEEN_AFTER = 2  # control steps until a picture can differ from the expected one


def breakable(experiment: Experiment, wanted: Sequence[str] = ()) -> list[str]:
    """Return the faults among `wanted` (empty: among all) that apply to a body.

    Raises:
        ConfigError: unknown faults, or none that apply to this body.
    """
    if unknown := [name for name in wanted if name not in BROKEN]:
        raise ConfigError(f"got unknown faults {unknown}, expected some of {', '.join(BROKEN)}")
    can = {*Catalogue(experiment.spec).faults, *([MOVED] if experiment.spec.images_for("model") else [])}
    names = [name for name in wanted or BROKEN if name in can]
    if not names:
        raise ConfigError(
            f"{experiment.spec.name}: got {list(wanted)}, expected a fault that its cameras can have"
        )
    return names


class SurpriseRunner:
    """In-process episodes in which something breaks midway.

    There is no gate: it would hold the robot, and then a constant picture is no fault.

    Args:
        experiment: robot, task, model and seeds.
        faults: to detect, each in every episode.
    """

    def __init__(self, experiment: Experiment, faults: Sequence[str]) -> None:
        self._experiment, self._faults = experiment, faults
        self._runner = DirectRunner(dataclasses.replace(experiment, gated=False))
        self._injection = FaultInjection(self._runner.world, experiment.spec, experiment.load_task())
        self._onset = round(ONSET_S / step_s(experiment))
        first = self._onset + SEEN_AFTER
        self._window = slice(first, first + round(MODEL_S / step_s(experiment)))

    def __len__(self) -> int:
        """Return how many episodes there are."""
        return len(self._experiment.seeds) * (1 + len(self._faults))

    def episodes(self) -> Iterator[tuple[str, FloatArray]]:
        """Yield CLEAN or a fault, and the surprise (W,) of the time in which it must show."""
        for seed in self._experiment.seeds:
            yield CLEAN, self._runner.episode(seed).surprise[self._window]
            for fault in self._faults:
                yield fault, self._broken(fault, seed)

    def _broken(self, fault: str, seed: int) -> FloatArray:
        runner, spec = self._runner, self._experiment.spec
        broken = BrokenCamera(runner.world, spec, self._injection, fault, seed, self._onset)
        try:
            return runner.episode(seed, spoil=broken).surprise[self._window]
        finally:
            broken.mend()

    def close(self) -> None:
        """Free the simulator."""
        self._runner.close()


def told_apart(surprise: Mapping[str, Sequence[FloatArray]]) -> dict[str, dict[str, Any]]:
    """Return, for each fault, how reliably surprise separates it from CLEAN.

    Args:
        surprise: CLEAN or fault -> (W,) of each episode; NaN where there was none yet.

    Returns:
        Fault -> ``auc`` of single control steps, ``auc_episodes`` of each episode's maximum, and
        ``surprised``, the share of steps above the rare level; CLEAN -> ``surprised``.
    """
    usual = np.stack(surprise[CLEAN])
    found: dict[str, dict[str, Any]] = {CLEAN: {"surprised": _surprised(usual)}}
    for fault, each in surprise.items():
        if fault == CLEAN:
            continue
        seen = np.stack(each)
        found[fault] = {
            "auc": roc_auc(usual[np.isfinite(usual)], seen[np.isfinite(seen)]),
            "auc_episodes": roc_auc(np.nanmax(usual, axis=1), np.nanmax(seen, axis=1)),
            "surprised": _surprised(seen),
        }
    return found


def _surprised(surprise: FloatArray) -> float:
    return float((surprise[np.isfinite(surprise)] > RARE_SURPRISE).mean())
