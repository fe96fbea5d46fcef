"""What is in a store, on the terminal."""

from onnxprobe.errors import plural
from onnxprobe.report.pictures import account_text, counts_text
from onnxprobe.report.wording import visible
from onnxprobe.store.contents import Contents

_NAMED = 5
"""Damaged shards that are named; --json names all."""


def contents_text(found: Contents) -> str:
    """Say what a store holds, what it was made of, whether it is whole, and how to go on."""
    header = found.header
    widths = found.widths or ("?",) * len(header.probes)
    probes = [f"{p} ({w})" for p, w in zip(header.probes, widths, strict=True)]
    size = sum(shard.bytes for shard in found.shards)
    state = _state(found)
    lines = {
        "pictures": counts_text(found.counts),
        "vectors": f"{found.vectors:,} at {', '.join(probes)}",
        "source": f"{header.source}, {header.pictures:,} pictures, seed {header.seed}",
        "model": f"sha256 {header.model}, batches of {header.batch}",
        "preprocess": header.preprocess,
        "shards": f"{len(found.shards)}, {size / 1e6:,.1f} MB, {state}",
        **({"worked": account_text(found.sessions[-1])} if found.sessions else {}),
        "next": found.next,
    }
    damaged = [f"  {shard.name}: {shard.problem}" for shard in found.damaged[:_NAMED]]
    if len(found.damaged) > _NAMED:
        damaged.append(f"  … {plural(len(found.damaged) - _NAMED, 'more shard')}")
    width = max(map(len, lines))
    said = [str(found.path), *(f"{k:<{width}}  {visible(v)}" for k, v in lines.items()), *damaged]
    return "\n".join(said)


def _state(found: Contents) -> str:
    if found.damaged:
        return f"{plural(len(found.damaged), 'shard')} damaged or missing"
    return "every checksum holds" if found.verified else "checksums not compared (--verify)"
