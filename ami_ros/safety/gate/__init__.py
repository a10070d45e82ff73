# SPDX-License-Identifier: Apache-2.0
"""The whole gate without ROS: clocks, health, waiting proposals, and the supervisor that decides."""
