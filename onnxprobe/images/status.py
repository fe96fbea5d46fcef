"""What can become of a picture."""

from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """One word for the fate of a picture, as the ledger records it."""

    OK = "ok"
    MISSING = "missing"
    """Named by the source, but it could not be read."""
    EMPTY = "empty"
    NOT_AN_IMAGE = "not an image"
    TRUNCATED = "truncated"
    DECODE_ERROR = "decode error"
    TOO_SMALL = "too small"
    TOO_LARGE = "too large"
    NOT_FINITE = "not finite"
    """Decoded, but the model gave an infinity or a NaN for it."""
    DUPLICATE = "duplicate of"
    """The bytes are those of an earlier picture, which the error text names; both are embedded."""


FAILED: Final = frozenset(Status) - {Status.OK, Status.DUPLICATE}
"""What has become of pictures that have no embedding."""
