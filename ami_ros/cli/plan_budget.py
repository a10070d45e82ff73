# SPDX-License-Identifier: Apache-2.0
"""Search budgets as people write them."""

from __future__ import annotations

import re

from ami_ros.bench.plan_time import Budget
from ami_ros.errors import ConfigError


def parse_budget(text: str) -> Budget:
    """Return samples, horizon and iterations of ``64x5x4``.

    Raises:
        ConfigError: it is written otherwise, a number is zero, or there are fewer than 8 samples.
    """
    match = re.fullmatch(r"(\d{1,6})x(\d{1,3})x(\d{1,3})", text)
    numbers = [int(number) for number in match.groups()] if match else [0]
    if min(numbers) < 1 or numbers[0] < 8:
        raise ConfigError(
            f"budget: got {text!r}, expected SAMPLESxHORIZONxITERATIONS with at least 8 samples, e.g. 64x5x4"
        )
    return Budget(*numbers)
