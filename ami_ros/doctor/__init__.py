# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a machine, a robot's files or its live topics, and what to do about it."""
