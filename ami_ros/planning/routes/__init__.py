# SPDX-License-Identifier: Apache-2.0
"""Ways to goals beyond the horizon: the next subgoal from here to there."""
