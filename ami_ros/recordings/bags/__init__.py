# SPDX-License-Identifier: Apache-2.0
"""rosbag2 recordings: written so that a crash costs a second, and read from any recorder."""
