# SPDX-License-Identifier: Apache-2.0
"""The world model: encoder, predictor, losses, export and runtime."""
