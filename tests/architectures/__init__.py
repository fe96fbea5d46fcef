"""Networks of many kinds, and the tensor one should probe in each."""

from architectures import convolutional, further, others, transformers

CASES = (*convolutional.CASES, *transformers.CASES, *others.CASES, *further.CASES)
