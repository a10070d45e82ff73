# SPDX-License-Identifier: Apache-2.0
"""The recorder: what the robot says and is told, on the disk."""
