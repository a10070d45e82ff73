# SPDX-License-Identifier: Apache-2.0
"""The robot's experience: stored on disk, retrieved, and named."""
