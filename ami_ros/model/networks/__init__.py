# SPDX-License-Identifier: Apache-2.0
"""The networks that make up the world model."""
