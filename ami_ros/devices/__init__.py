# SPDX-License-Identifier: Apache-2.0
"""Devices that ami_ros drives itself: bus servos and USB cameras, without ROS."""
