# SPDX-License-Identifier: Apache-2.0
"""Refuses models whose quality figures predict failure."""

from __future__ import annotations

from ami_ros.errors import JudgementError
from ami_ros.model.contract import Contract
from ami_ros.model.judging.judgement import judge
from ami_ros.model.judging.settings import load_judgement_settings
from ami_ros.planning.settings import PlannerSettings

OVERRIDE = (
    "To plan with it anyway, with no person near the robot, set judged: false in config/planner.yaml "
    "(`ami-ros evaluate --set judged=false`, or the node's parameter of that name)."
)


def check_may_plan(contract: Contract, settings: PlannerSettings, where: str) -> None:
    """Refuse a model whose judgement forbids planning, unless the settings accept any.

    Args:
        contract: contract of the model.
        settings: settings of the planner.
        where: name of the model file in messages.

    Raises:
        JudgementError: the model may not plan; the message has the judgement and the remedy.
        ConfigError: config/judgement.yaml is not readable.
    """
    if not settings.judged:
        return
    judgement = judge(contract, load_judgement_settings())
    if not judgement.may_plan:
        said = "\n".join(f"  {line}" for line in (*judgement.lines, judgement.next_step, OVERRIDE))
        raise JudgementError(f"{where}: the planner refuses this model\n{said}")
