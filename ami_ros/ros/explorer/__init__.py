# SPDX-License-Identifier: Apache-2.0
"""The explorer as a lifecycle node, in the planner's place."""
