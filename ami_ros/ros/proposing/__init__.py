# SPDX-License-Identifier: Apache-2.0
"""What every node shares that turns observations into proposals: the planner and the explorer."""
