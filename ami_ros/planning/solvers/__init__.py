# SPDX-License-Identifier: Apache-2.0
"""One file per solver: `Settings`, with values in config/planner.yaml if it has any, and `Solver`."""
