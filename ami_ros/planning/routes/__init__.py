# SPDX-License-Identifier: Apache-2.0
"""Routes to goals beyond the horizon: the next subgoal on the way."""
