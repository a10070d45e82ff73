# SPDX-License-Identifier: Apache-2.0
"""MODEL_CARD.md: what a model is, how it was made, and how good it is; every figure measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ami_ros.model.contract import Contract
from ami_ros.model.judging.judgement import judge
from ami_ros.model.judging.settings import load_judgement_settings
from ami_ros.model.measured import measured
from ami_ros.report.templates import template
from ami_ros.sim.tasks.yardstick import Yardstick

TEMPLATE = "model_card.md.j2"


def model_card(
    contract: Contract,
    sha256: str,
    figures: Mapping[str, Any],
    perturbed: Sequence[Mapping[str, Any]],
    stages_s: Mapping[str, float],
    folder: str,
    yardstick: Yardstick,
    recorded: bool = False,
    augmented: bool = False,
) -> str:
    """Return the card as Markdown.

    Args:
        contract: of the exported model.
        sha256: of model.pt.
        figures: output of `ami-ros evaluate --via direct --json`.
        perturbed: its output with `--perturb all`, for each scale.
        stages_s: wall time of each stage of `make model`, s.
        folder: of the model, for the commands.
        yardstick: of the task.
        recorded: whether the episodes were recorded on a robot; else the simulator made them.
        augmented: whether their looks were augmented, not varied by the simulator.

    Raises:
        ContractError: the model was not measured.
    """
    quality = measured(contract, folder)
    names = ("open_loop_error", "copy_last_error", "shuffled_action_error")
    return template(TEMPLATE).render(
        c=contract,
        f=figures,
        perturbed=perturbed,
        sha256=sha256,
        folder=folder,
        yardstick=yardstick,
        stages_s=stages_s,
        recorded=recorded,
        augmented=augmented,
        rows={figures["planner"]: figures, **figures["baseline_figures"]},
        judgement=judge(contract, load_judgement_settings()),
        errors=list(zip(*(quality[name] for name in names), strict=True)),
    )
