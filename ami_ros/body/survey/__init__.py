# SPDX-License-Identifier: Apache-2.0
"""What a URDF tells of an arm that nobody has described yet: its chain, home, workspace and a view of it."""
