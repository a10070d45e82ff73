# SPDX-License-Identifier: Apache-2.0
"""Kinds of distance to an image goal; a separate file, because torch takes seconds to load."""

from __future__ import annotations

DISTANCES = ("l2", "slow", "temporal")
