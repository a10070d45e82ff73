# SPDX-License-Identifier: Apache-2.0
"""How often does the shipped model reach its goals, next to standing still and to random actions?"""

from __future__ import annotations

import ami_ros

EPISODES, SEED = 3, 31

for planner in ("cem", "inverse_model", "hold", "random"):
    print(f"{planner:14}", ami_ros.evaluate("panda", "reach", EPISODES, SEED, planner=planner))
