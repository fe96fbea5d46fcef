"""What a run found, read from ``run.json``; what is not recorded there is None, never a guess."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from onnxprobe.report.reading import mapping, number, sequence
from onnxprobe.report.wording import percent, score

LEAST_RECALL: Final = 0.8
LEAST_RATIO: Final = 0.8
LARGEST_RATIO: Final = 1.25


@dataclass(frozen=True)
class MarkFacts:
    """One thing that tells a domain from the rest.

    Attributes:
        what: The attribute, the label, or the channel.
        words: What it says of the domain, in a word or two; empty for a channel.
        effect: Cliff's delta, −1 to 1.
        inside: What is typical in the domain: a median, or the share that has the category.
        outside: The same of all other pictures.
        lift: How much more frequent the category is than in all pictures; None for a number.
        about: What was measured.
    """

    what: str
    words: str
    effect: float | None
    inside: float | None
    outside: float | None
    lift: float | None
    about: str

    @classmethod
    def of(cls, entry: object) -> Self:
        """Read one entry of a domain's ``marks``."""
        said = mapping(entry)
        what, value = str(said.get("what") or ""), said.get("value")
        return cls(
            what=what if value is None else f"{what} {value}",
            words="" if what == "channel" else str(said.get("words") or ""),
            effect=number(said.get("effect")),
            inside=number(said.get("inside")),
            outside=number(said.get("outside")),
            lift=number(said.get("lift")),
            about=str(said.get("about") or ""),
        )

    @property
    def figures(self) -> str:
        """What is typical in the domain, and what of the others."""
        if self.inside is None or self.outside is None:
            return ""
        if self.lift is None:
            return f"{self.inside:.4g} against {self.outside:.4g}"
        return f"{self.inside:.0%} against {self.outside:.0%}, lift {self.lift:.3g}"


@dataclass(frozen=True)
class DomainFacts:
    """A group that proved stable, and how well the head finds it on held-out pictures.

    Attributes:
        id: The number the fused model answers with.
        name: The name in the model's metadata.
        view: The probe it was found at.
        depth: How far into the network that is, 0 (the picture) to 1 (the answer).
        size: Pictures in it.
        share: Of all pictures, 0 to 1.
        stability: Agreement with its twin in resampled data, 0 to 1.
        recall: Held-out share of it that the head finds, 0 to 1.
        precision: Held-out share of the head's finds that belong to it, 0 to 1.
        ratio: How often the head names it over how often it occurs; 1 is right.
        agreement: Of the ten nearest of its pictures, the part that is in it too, 0 to 1.
        description: What marks it, in a line; empty where nothing was found, or looked for.
        marks: What marks it, the largest effects first.
    """

    id: int
    name: str
    view: str = ""
    depth: float | None = None
    size: int | None = None
    share: float | None = None
    stability: float | None = None
    recall: float | None = None
    precision: float | None = None
    ratio: float | None = None
    agreement: float | None = None
    description: str = ""
    marks: tuple[MarkFacts, ...] = ()

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        """Read one entry of ``run.json``'s ``domains``."""
        size = number(entry.get("size"))
        return cls(
            id=int(entry["id"]),
            name=str(entry.get("name") or f"domain {entry['id']}"),
            view=str(entry.get("view") or ""),
            depth=number(entry.get("depth")),
            size=None if size is None else int(size),
            share=number(entry.get("share")),
            stability=number(entry.get("stability")),
            recall=number(entry.get("heldout_recall")),
            precision=number(entry.get("heldout_precision")),
            ratio=number(entry.get("share_ratio")),
            agreement=number(entry.get("agreement")),
            description=str(entry.get("description") or ""),
            marks=tuple(map(MarkFacts.of, sequence(entry.get("marks")))),
        )

    @property
    def misses(self) -> bool:
        """Whether the head finds too little of it."""
        return self.recall is not None and self.recall < LEAST_RECALL

    @property
    def miscounts(self) -> bool:
        """Whether the head names it too often or too rarely."""
        return self.ratio is not None and not LEAST_RATIO <= self.ratio <= LARGEST_RATIO

    @property
    def flags(self) -> tuple[str, ...]:
        """What a person should look at before trusting this domain; empty is good."""
        found = []
        if self.misses:
            found.append(
                f"the head finds {percent(self.recall)} of it on held-out pictures "
                f"(asked: at least {LEAST_RECALL:.0%})"
            )
        if self.miscounts:
            found.append(
                f"the head names it {score(self.ratio)} times as often as it occurs "
                f"(asked: {LEAST_RATIO} to {LARGEST_RATIO})"
            )
        return tuple(found)


@dataclass(frozen=True)
class HeldOutFacts:
    """How the head did on pictures it was not trained on.

    Attributes:
        rows: Held-out pictures.
        macro_f1: Mean of the domains' F1, 0 to 1.
        macro_auc: Mean of the domains' area under the ROC curve, 0 to 1.
        worst_recall: The lowest recall of a domain, 0 to 1.
        majority: Share of the largest domain: how often a constant answer is right, 0 to 1.
    """

    rows: int | None = None
    macro_f1: float | None = None
    macro_auc: float | None = None
    worst_recall: float | None = None
    majority: float | None = None

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        """Read ``run.json``'s ``heldout``."""
        rows = number(entry.get("rows"))
        return cls(
            rows=None if rows is None else int(rows),
            macro_f1=number(entry.get("macro_f1")),
            macro_auc=number(entry.get("macro_auc")),
            worst_recall=number(entry.get("worst_recall")),
            majority=number(entry.get("majority")),
        )

    def constant_f1(self, domains: int) -> float | None:
        """Macro-F1 of naming the largest of ``domains`` every time.

        Its precision there is the majority share p and its recall 1, so F1 = 2p / (1 + p); every
        other domain scores 0.
        """
        if self.majority is None or domains == 0:
            return None
        return 2 * self.majority / (1 + self.majority) / domains


@dataclass(frozen=True)
class Facts:
    """The part of ``run.json`` that a person asks for first.

    Attributes:
        listed: Pictures where they came from, of which a sample may have gone in.
        covered: Part of the pictures that are in a domain, 0 to 1.
        resampled: Whether groups had to come back when parts of the pictures were grouped again.
    """

    recipe: str
    model: str
    images: str
    probes: tuple[str, ...]
    domains: tuple[DomainFacts, ...]
    heldout: HeldOutFacts
    counts: Mapping[str, int]
    pick: Mapping[str, Any]
    listed: int | None = None
    covered: float | None = None
    resampled: bool = True

    @classmethod
    def of(cls, run: Mapping[str, Any]) -> Self:
        """Read ``run.json``."""
        listed, steps = number(run.get("pictures")), mapping(run.get("settings")).values()
        return cls(
            recipe=str(run.get("recipe") or "run"),
            model=str(mapping(run.get("model")).get("path") or ""),
            images=str(run.get("images") or ""),
            probes=tuple(map(str, sequence(run.get("probes")))),
            domains=tuple(DomainFacts.of(entry) for entry in sequence(run.get("domains"))),
            heldout=HeldOutFacts.of(mapping(run.get("heldout"))),
            counts={str(k): int(v) for k, v in mapping(run.get("counts")).items()},
            pick=mapping(run.get("pick")),
            listed=None if listed is None else int(listed),
            covered=number(run.get("covered")),
            resampled=any("stability" in mapping(step) for step in steps),
        )

    @property
    def agreement(self) -> float | None:
        """Mean of the domains' agreement, each counting the same, 0 to 1."""
        said = [domain.agreement for domain in self.domains if domain.agreement is not None]
        return sum(said) / len(said) if said else None

    @property
    def pictures(self) -> int:
        """Pictures that went in, whatever became of them."""
        return sum(self.counts.values())

    @property
    def drawn_from(self) -> int:
        """Pictures that there are, where a sample of them went in; 0 where all did."""
        return self.listed if self.listed and self.listed > self.pictures else 0

    @property
    def unread(self) -> Mapping[str, int]:
        """Ledger statuses other than ``ok``, largest first."""
        rest = {status: n for status, n in self.counts.items() if status != "ok" and n}
        return dict(sorted(rest.items(), key=lambda item: -item[1]))

    @property
    def flagged(self) -> tuple[DomainFacts, ...]:
        """The domains with flags."""
        return tuple(domain for domain in self.domains if domain.flags)
