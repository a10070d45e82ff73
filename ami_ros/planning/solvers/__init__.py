# SPDX-License-Identifier: Apache-2.0
"""One file per solver of a cost: `Settings`, with values in config/planner.yaml, and `Solver`."""
