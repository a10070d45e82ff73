# SPDX-License-Identifier: Apache-2.0
"""What the robot has been through: kept on disk, found again, and given names."""
