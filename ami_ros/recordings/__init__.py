# SPDX-License-Identifier: Apache-2.0
"""What others recorded: bags and LeRobot data sets, read, checked, written and imported."""
