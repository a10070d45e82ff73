# SPDX-License-Identifier: Apache-2.0
"""One file per term of what a plan costs: `Settings`, with values in config/planner.yaml, and `Term`."""
