# SPDX-License-Identifier: Apache-2.0
"""What a URDF reveals about an arm without a description: its chain, home, workspace and a view of it."""
