# SPDX-License-Identifier: Apache-2.0
"""ami_ros: learned world models that plan safe robot actions, as ROS 2 nodes."""

__version__ = "0.1.0"
