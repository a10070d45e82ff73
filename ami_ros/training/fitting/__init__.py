# SPDX-License-Identifier: Apache-2.0
"""What is fitted to latents that no longer change, once the encoders are trained."""
