# SPDX-License-Identifier: Apache-2.0
"""Measure over topics: how cameras arrive, how the gate ticks."""
