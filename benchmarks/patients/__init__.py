# SPDX-License-Identifier: Apache-2.0
"""Virtual patients of simglucose, from records of ten. A simulation, never a medical device."""
