# SPDX-License-Identifier: Apache-2.0
"""From a body and its restrictions to the limits in force on its motion."""

from __future__ import annotations

from ami_ros.safety.gate_body import GateBody
from ami_ros.safety.motion.keep_in import KeepIn
from ami_ros.safety.motion.lead import Lead
from ami_ros.safety.motion.limits import MotionLimits
from ami_ros.safety.motion.stepping import Stepping
from ami_ros.safety.motion.way_to_rest import WayToRest
from ami_ros.safety.motion.whereabouts import Whereabouts
from ami_ros.safety.motion.zones import Zones
from ami_ros.safety.restrictions import Restrictions
from ami_ros.safety.settings import SafetySettings


def stepping_of(
    body: GateBody, restrictions: Restrictions, settings: SafetySettings, whereabouts: Whereabouts
) -> Stepping:
    """Return how a body steps under restrictions, which fit it; `whereabouts` tells where a base is."""
    limits, dt_s = MotionLimits.of(body, restrictions, settings.speed_scale), 1.0 / settings.rate_hz
    zones = keep_in = None
    if body.shapes is not None:
        zones = Zones(body.shapes, body.workspace, restrictions, settings.workspace_margin)
    way = None if body.rest is None else WayToRest(limits, body.rest, dt_s)
    if way is not None and body.base is not None and body.base.keep_in is not None:
        keep_in = KeepIn(body.base, whereabouts, way, dt_s)
    return Stepping(limits, zones, dt_s, way, keep_in, Lead(limits, settings.tracking_error))
