"""Networks of many kinds, and the tensor one should probe in each."""

from architectures import convolutional, others, transformers

CASES = (*convolutional.CASES, *transformers.CASES, *others.CASES)
