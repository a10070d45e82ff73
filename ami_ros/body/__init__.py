# SPDX-License-Identifier: Apache-2.0
"""What a robot is: sensors, channels, limits, kinematics, link shapes."""
