# SPDX-License-Identifier: Apache-2.0
"""The common part of the nodes that turn observations into proposals: planner and explorer."""
