# SPDX-License-Identifier: Apache-2.0
"""The simulated robot in a closed loop, and its judges."""
