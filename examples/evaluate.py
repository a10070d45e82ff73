# SPDX-License-Identifier: Apache-2.0
"""How often does the shipped model reach its goals, next to a baseline that does not search?"""

from __future__ import annotations

import ami_ros

EPISODES, SEED = 3, 31

for planner in ("mppi", "inverse_model"):
    print(f"{planner:14}", ami_ros.evaluate("panda", "reach", EPISODES, SEED, planner=planner))
