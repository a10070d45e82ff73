# SPDX-License-Identifier: Apache-2.0
"""Nodes that spoil, flood and deceive, for `ami-ros bench faults`, `bench attacks` and tests only."""
