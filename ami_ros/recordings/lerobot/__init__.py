# SPDX-License-Identifier: Apache-2.0
"""LeRobotDataset v3 on disk, read and written without the lerobot package."""
