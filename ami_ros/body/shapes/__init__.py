# SPDX-License-Identifier: Apache-2.0
"""From the <collision> of a URDF to spheres that cover it."""
