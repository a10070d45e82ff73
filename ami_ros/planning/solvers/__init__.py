# SPDX-License-Identifier: Apache-2.0
"""One file per solver, which optimises a cost: `Settings`, valued in config/planner.yaml, and `Solver`."""
