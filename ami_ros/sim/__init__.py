# SPDX-License-Identifier: Apache-2.0
"""A PyBullet stand-in for the real robot."""
