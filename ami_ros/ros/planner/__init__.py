# SPDX-License-Identifier: Apache-2.0
"""The planner as a lifecycle node."""
