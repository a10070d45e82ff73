# SPDX-License-Identifier: Apache-2.0
"""Search budgets as people write them."""

from __future__ import annotations

import re

from ami_ros.bench.plan_time import Budget
from ami_ros.errors import ConfigError, shown
from ami_ros.planning.settings import PlannerSettings

NAMES = ("num_samples", "horizon", "num_iterations")


def parse_budget(text: str) -> Budget:
    """Return samples, horizon and iterations of ``64x5x4``.

    Raises:
        ConfigError: it is written otherwise, or a number is out of the planner's range.
    """
    match = re.fullmatch(r"(\d{1,6})x(\d{1,3})x(\d{1,3})", text)
    numbers = [int(number) for number in match.groups()] if match else [0, 0, 0]
    rules = [PlannerSettings.__dataclass_fields__[name].metadata for name in NAMES]
    if not all(rule["ge"] <= number <= rule["le"] for number, rule in zip(numbers, rules, strict=True)):
        ranges = ", ".join(
            f"{name} {rule['ge']} to {rule['le']}" for name, rule in zip(NAMES, rules, strict=True)
        )
        raise ConfigError(
            f"budget: got {shown(text)}, expected SAMPLESxHORIZONxITERATIONS, e.g. 64x5x4, with {ranges}"
        )
    return Budget(*numbers)
