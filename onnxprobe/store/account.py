"""What work on a store was like: where it ran, how fast, and what it waited for."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Account:
    """Work that was done, by one process or several.

    Attributes:
        ran_on: each device, with the execution providers that really ran the model.
        precision: what the network computed in.
        cosine: the least cosine to float32 that was measured; 1 of float32.
        pictures: that were worked on; not those that were there before.
        seconds: from first to last, of the slowest process.
        decode: seconds spent on reading and decoding, of all threads.
        infer: seconds spent in the network, of all threads.
        write: seconds spent on writing shards.
        decoders: threads that read. For a GPU as many decode; on a CPU who runs a batch decodes it.
        runners: threads that run the network.
        writers: threads that write.
    """

    ran_on: tuple[str, ...]
    precision: str
    cosine: float
    pictures: int
    seconds: float
    decode: float
    infer: float
    write: float
    decoders: int
    runners: int
    writers: int = 1

    @property
    def busy(self) -> dict[str, float]:
        """How busy the threads of each stage were, 0 to 1: what is near 1 is what limits."""
        spent = {
            "decode": (self.decode, self.decoders),
            "infer": (self.infer, self.runners),
            "write": (self.write, self.writers),
        }
        wall = max(self.seconds, 1e-9)
        return {stage: used / (wall * threads) for stage, (used, threads) in spent.items()}

    @property
    def rate(self) -> float:
        """Pictures per second."""
        return self.pictures / max(self.seconds, 1e-9)

    def to_json(self) -> dict[str, Any]:
        """Return what people ask for as plain values."""
        return {
            "ran_on": list(self.ran_on),
            "precision": self.precision,
            "cosine": self.cosine,
            "pictures": self.pictures,
            "seconds": round(self.seconds, 3),
            "rate": round(self.rate, 3),
            "busy": {stage: round(share, 4) for stage, share in self.busy.items()},
        }

    def beside(self, other: "Account") -> "Account":
        """Return the account of two processes that worked at the same time."""
        both = self._sum(other)
        return replace(
            both,
            ran_on=self.ran_on + other.ran_on,
            seconds=max(self.seconds, other.seconds),
            decoders=self.decoders + other.decoders,
            runners=self.runners + other.runners,
            writers=self.writers + other.writers,
        )

    def then(self, later: "Account") -> "Account":
        """Return the account of one process that worked twice."""
        return replace(self._sum(later), seconds=self.seconds + later.seconds)

    def _sum(self, other: "Account") -> "Account":
        return replace(
            self,
            cosine=min(self.cosine, other.cosine),
            pictures=self.pictures + other.pictures,
            decode=self.decode + other.decode,
            infer=self.infer + other.infer,
            write=self.write + other.write,
        )
