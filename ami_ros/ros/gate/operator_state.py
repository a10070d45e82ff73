# SPDX-License-Identifier: Apache-2.0
"""Operator state of a gate, which survives a restart of its node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rclpy.parameter import Parameter

from ami_ros.types import Verdict


@dataclass(frozen=True)
class OperatorState:
    """The state of a gate that only operators may change.

    Attributes:
        stopped: the STOP that is latched; None for none.
        pressed_by: buttons of the e-stop that are pressed.
        restrictions: parameters, as last set.
    """

    stopped: Verdict | None = None
    pressed_by: frozenset[str] = frozenset()
    restrictions: tuple[Parameter[Any], ...] = ()


NOTHING_SAID = OperatorState()
