# SPDX-License-Identifier: Apache-2.0
"""The whole gate without ROS: clocks, health, proposals that wait, and the supervisor that decides."""
