# SPDX-License-Identifier: Apache-2.0
"""DiagnosticArray as a carrier of key-value pairs, and the gate's verdict in it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from ami_ros.recordings.message_values import values_of as values_of
from ami_ros.ros.wire.messages import stamp_from_ns, stamp_to_ns
from ami_ros.safety.reasons import number_of
from ami_ros.types import Command, Level, Reason, Verdict

SEVERITY = {
    Level.PASS: DiagnosticStatus.OK,
    Level.LIMITED: DiagnosticStatus.OK,
    Level.HOLD: DiagnosticStatus.WARN,
    Level.STOP: DiagnosticStatus.ERROR,
}


def diagnostic(
    name: str,
    severity: bytes,
    message: str,
    values: Mapping[str, object],
    stamp_ns: int,
    hardware_id: str = "",
) -> DiagnosticArray:
    """Return an array with one status."""
    status = DiagnosticStatus(level=severity, name=name, message=message, hardware_id=hardware_id)
    status.values = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
    array = DiagnosticArray(status=[status])
    array.header.stamp = stamp_from_ns(stamp_ns)
    return array


@dataclass(frozen=True)
class Judgement:
    """A verdict as published.

    Attributes:
        verdict: level and reasons.
        stamp_ns: when the gate judged.
        proposal_stamp_ns: stamp of the judged proposal; None for the gate's state as a whole.
        command: the command allowed at that moment; None for a proposal, and before the gate's first command.
    """

    verdict: Verdict
    stamp_ns: int
    proposal_stamp_ns: int | None = None
    command: Command | None = None


def judgement_to_ros(judgement: Judgement, robot: str) -> DiagnosticArray:
    """Return a verdict as a message.

    ``reasons`` is a JSON list of ``{code, number, numbers}``, ``codes`` the numbers of the reasons alone (see
    safety/reasons.py), ``command`` a JSON object of the allowed command.
    """
    level, reasons = judgement.verdict.level, judgement.verdict.reasons
    values: dict[str, object] = {"level": level.name, "level_number": int(level)}
    values["codes"] = " ".join(str(number_of(reason.code)) for reason in reasons)
    if judgement.proposal_stamp_ns is not None:
        values["proposal_stamp_ns"] = judgement.proposal_stamp_ns
    if judgement.command is not None:
        values["command"] = _command_json(judgement.command)
    values["reasons"] = json.dumps(
        [{"code": r.code, "number": number_of(r.code), "numbers": _finite(r.numbers)} for r in reasons]
    )
    message = "; ".join(map(str, reasons)) or level.name
    name = "safety: state" if judgement.proposal_stamp_ns is None else "safety: proposal"
    return diagnostic(name, SEVERITY[level], message, values, judgement.stamp_ns, robot)


def judgement_from_ros(message: DiagnosticArray) -> Judgement:
    """Return the verdict in `message`.

    Raises:
        ValueError: the message is no verdict, or has another version.
    """
    values: dict[str, Any] = values_of(message)
    try:
        reasons = tuple(Reason(str(r["code"]), dict(r["numbers"])) for r in json.loads(values["reasons"]))
        level = Level[values["level"]]
        stamp = int(values["proposal_stamp_ns"]) if "proposal_stamp_ns" in values else None
        judged_ns = stamp_to_ns(message.header.stamp)
        command = _command(values["command"], judged_ns) if "command" in values else None
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"verdict: got keys {sorted(values)}, expected level and reasons: {error}"
        ) from error
    return Judgement(Verdict(level, reasons), judged_ns, stamp, command)


def _finite(numbers: Mapping[str, float | int | str]) -> dict[str, float | int | str]:
    """Return JSON-compatible numbers: NaN and infinity become words."""
    return {
        name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in numbers.items()
    }


def _command_json(command: Command) -> str:
    parts = {"position": command.position, "velocity": command.velocity, "acceleration": command.acceleration}
    return json.dumps({name: part.tolist() for name, part in parts.items() if part is not None})


def _command(text: str, stamp_ns: int) -> Command:
    parts = {name: np.array(part, dtype=np.float64) for name, part in json.loads(text).items()}
    return Command(parts["position"], parts["velocity"], stamp_ns, parts.get("acceleration"))
