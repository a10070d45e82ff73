# SPDX-License-Identifier: Apache-2.0
"""One file per cost term of a plan: `Settings`, with values in config/planner.yaml, and `Term`."""
