# SPDX-License-Identifier: Apache-2.0
"""How the way to an image goal may be measured; here, for torch takes seconds to load."""

from __future__ import annotations

DISTANCES = ("l2", "slow", "temporal")
