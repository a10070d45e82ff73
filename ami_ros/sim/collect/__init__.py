# SPDX-License-Identifier: Apache-2.0
"""Recording episodes for training."""
