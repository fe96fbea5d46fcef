"""Networks of many kinds, and the tensor one should probe in each."""

from architectures import convolutional, dense, exports, others, poolings, several, transformers

KNOWN = (*convolutional.CASES, *transformers.CASES, *others.CASES)
"""What the rules of the pick were written for."""
FURTHER = (*poolings.CASES, *exports.CASES, *dense.CASES, *several.CASES)
"""What they were tried on afterwards; the expected tensor was fixed first."""
CASES = (*KNOWN, *FURTHER)
