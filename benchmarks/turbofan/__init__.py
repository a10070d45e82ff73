# SPDX-License-Identifier: Apache-2.0
"""A two-spool turbofan from pyCycle: our planner, from logged data alone, next to controllers of engines."""
