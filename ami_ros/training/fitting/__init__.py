# SPDX-License-Identifier: Apache-2.0
"""Fits the remaining parts to fixed latents, once the encoders are trained."""
