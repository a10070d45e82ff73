# SPDX-License-Identifier: Apache-2.0
"""A PyBullet simulation of the real robot."""
