# SPDX-License-Identifier: Apache-2.0
"""The solvers to compare: ours, and the public ones on the same model."""

from __future__ import annotations

from ami_ros.bench.search.pytorch_mppi import PytorchMppi
from ami_ros.bench.search.settings import BenchSettings
from ami_ros.bench.search.stable_worldmodel import StableWorldModel
from ami_ros.planning.problem import Solver

OURS = ("cem", "mppi")
PUBLIC = ("pytorch_mppi", "swm_cem", "swm_mppi")


def public_solver(name: str, settings: BenchSettings) -> Solver:
    """Return the public solver `name`. Its first plan imports its package."""
    solvers: dict[str, Solver] = {
        "pytorch_mppi": PytorchMppi(settings.pytorch_mppi_lambda),
        "swm_cem": StableWorldModel("cem", settings.swm_mppi_temperature),
        "swm_mppi": StableWorldModel("mppi", settings.swm_mppi_temperature),
    }
    return solvers[name]
