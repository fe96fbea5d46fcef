"""What a pick says."""

from dataclasses import dataclass

from onnxprobe.graph.picking.landing import Role


@dataclass(frozen=True, slots=True)
class Alternative:
    """A tensor that was not picked.

    Attributes:
        tensor: its name.
        shape: of one sample; sizes that are not known are ``None``.
        why: what speaks for it, in words.
    """

    tensor: str
    shape: tuple[int | None, ...] | None
    why: str


@dataclass(frozen=True, slots=True)
class Pick:
    """The tensor to probe, and why.

    Attributes:
        tensor: its name.
        shape: of one sample, without the batch; sizes that are not known are ``None``.
        op: the operator that writes it; ``"input"`` for a model input.
        role: why it is picked (see ``picking.landing.Role``).
        ratio: how many times fewer numbers are left right after it; ``None`` if not known.
        depth: share of the weighted layers that lie before it, 0 to 1.
        ambiguous: whether no single tensor is a clear answer; look at ``alternatives``.
        reasons: sentences.
        alternatives: other tensors one may have meant.
        follows: operators between it and the outputs.
        source: the model input it is computed from.
        outputs: the outputs it is picked for.
        doubt: what the graph does not show though the pick depends on it, and what to ask for then.
        per_output: where there are several outputs, the pick for each by itself.
    """

    tensor: str
    shape: tuple[int | None, ...] | None
    op: str
    role: Role
    ratio: float | None
    depth: float
    ambiguous: bool
    reasons: tuple[str, ...]
    alternatives: tuple[Alternative, ...]
    follows: tuple[str, ...]
    source: str
    outputs: tuple[str, ...]
    doubt: str | None = None
    per_output: tuple["Pick", ...] = ()
