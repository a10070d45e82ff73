# SPDX-License-Identifier: Apache-2.0
"""Problems of a machine, a robot's files or its live topics, and how to fix them."""
