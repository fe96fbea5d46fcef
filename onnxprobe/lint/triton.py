"""What Triton's ONNX Runtime backend checks when it loads a model.

The rules are those of ``ModelInstanceState::ValidateInputs``, ``ValidateOutputs``,
``ModelState::AutoCompleteConfig`` and ``CompareDimsSupported`` in the sources of
triton-inference-server/onnxruntime_backend.
"""

from collections.abc import Iterator

from onnxprobe.errors import PackageError, quoted
from onnxprobe.graph.value import Value
from onnxprobe.lint import seen
from onnxprobe.lint._base import Finding, Subject, error, warning
from onnxprobe.triton.config import TYPES, Config, Declared
from onnxprobe.triton.textproto import all_of, messages
from onnxprobe.triton.writing import tensors

_BATCH = "onnxprobe batch {path} -o dynamic.onnx"


def tensors_only(subject: Subject) -> Iterator[Finding]:
    """Find sequences, maps and the like: one of them, asked for or not, and nothing loads."""
    graph = subject.model.proto.graph
    for info in (*graph.input, *graph.output):
        kind = seen.kind(info)
        if kind != "tensor":
            yield error(
                "not-a-tensor",
                f"{info.name!r} is a {kind}; the backend refuses every file with one, also where "
                "the configuration leaves it out",
                f"onnxprobe extract {subject.path} --outputs … (without {info.name!r})",
            )


def completed(subject: Subject) -> Iterator[Finding]:
    """Find a configuration that Triton fills in from the file, new outputs included."""
    config = subject.config
    if config is None or config.outputs:
        return
    found = [value for value in subject.outputs if _writable(value)]
    lines = _lines("output", found, batched=config.max_batch_size > 0)
    yield warning(
        "no-outputs",
        "the configuration names no outputs, so Triton takes all that the file has; clients that "
        "name none get new ones as soon as the file has them",
        lines,
    )


def names(subject: Subject) -> Iterator[Finding]:
    """Find a name other than the folder's, and another backend."""
    config = subject.config
    if config is None:
        return
    if config.name and subject.folder and config.name != subject.folder:
        yield error(
            "name",
            f"the configuration is named {config.name!r} but its folder {subject.folder!r}",
            f'name: "{subject.folder}"',
        )
    if not config.onnx:
        said = config.backend or config.platform or config.filename
        yield error(
            "backend",
            f"the configuration gives the model to {said!r}, which does not serve ONNX files",
            'backend: "onnxruntime"',
        )


def batching(subject: Subject) -> Iterator[Finding]:
    """Find first sizes that are not open though Triton is to batch.

    Inputs and outputs that are declared must have an open one. So must all others, asked for or
    not, where Triton completes the configuration from the file.
    """
    config = subject.config
    if config is not None and config.max_batch_size <= 0:
        return
    declared = _declared(config)
    for value in (*subject.inputs, *subject.outputs):
        shape = seen.sizes(value)
        if shape is None or shape[:1] == (seen.ANY,):
            continue
        yield _unbatched(subject, value, declared)


def _unbatched(subject: Subject, value: Value, declared: dict[str, Declared]) -> Finding:
    config = subject.config
    says = f"the first size of {value} is not open, so Triton cannot batch"
    if value.shape == ():
        says = f"{value} has no dimension, so Triton cannot batch"
    fix = _BATCH.format(path=subject.path)
    if config is None:
        return warning("batch", f"{says}; it would serve the model with max_batch_size: 0", fix)
    if value.name in declared or config.completed:
        says += f" to max_batch_size: {config.max_batch_size}"
        return error("batch", says, f"{fix}, or max_batch_size: 0 with the batch in every dims")
    return warning(
        "batch",
        f"{says}; the configuration does not name it, but it must not become incomplete: Triton "
        "looks at every output then",
        fix,
    )


def inputs(subject: Subject) -> Iterator[Finding]:
    """Find inputs that are declared otherwise than the file has them, or too many or few."""
    config = subject.config
    if config is None or not config.inputs:
        return
    found = {value.name: value for value in subject.inputs}
    replaceable = {info.name for info in subject.model.proto.graph.input} - set(found)
    expected = _expected(config)
    if expected != len(found):
        missing = [value for name, value in found.items() if name not in _declared(config)]
        lines = _lines("input", missing, batched=config.max_batch_size > 0)
        yield error(
            "input-count",
            f"the configuration brings {expected} inputs but the model reads {len(found)}: "
            f"{quoted(found)}",
            lines or "take the inputs that the model has not out of the configuration",
        )
    for declared in config.inputs:
        if declared.optional and config.max_batch_size > 0:
            yield error(
                "optional",
                f"the input {declared.name!r} is optional, which the backend refuses where it batches",
                "optional: false",
            )
        if declared.name in replaceable:
            continue
        yield from _compared("input", declared, found, config, exact=False)


def outputs(subject: Subject) -> Iterator[Finding]:
    """Find outputs that are declared otherwise than the file has them."""
    config = subject.config
    if config is None:
        return
    found = {value.name: value for value in subject.outputs}
    batch = {n for m in messages(config.fields, "batch_output") for n in all_of(m, "target_name")}
    for declared in config.outputs:
        yield from _compared(
            "output", declared, found, config, exact=True, sized=declared.name not in batch
        )


def _compared(  # noqa: PLR0913  what the backend compares
    kind: str,
    declared: Declared,
    found: dict[str, Value],
    config: Config,
    *,
    exact: bool,
    sized: bool = True,
) -> Iterator[Finding]:
    value = found.get(declared.name)
    if value is None:
        yield error(
            f"{kind}-unknown",
            f"the configuration has an {kind} {declared.name!r} but the model has {quoted(found)}",
            f"take {declared.name!r} out, or correct its name",
        )
        return
    wanted = TYPES.get(value.dtype or "")
    if wanted is None:
        yield error(
            f"{kind}-type",
            f"the backend has no type for {value}",
            f"cast {declared.name!r} to float32 in the model",
        )
    elif declared.data_type != wanted:
        yield error(
            f"{kind}-type",
            f"the {kind} {declared.name!r} is {wanted} in the model, but the configuration says "
            f"{declared.data_type or 'nothing'}",
            f"data_type: {wanted}",
        )
    if sized and not declared.ragged:
        yield from _sizes(kind, declared, value, config, exact=exact)


def _sizes(
    kind: str, declared: Declared, value: Value, config: Config, *, exact: bool
) -> Iterator[Finding]:
    shape = seen.sizes(value)
    if shape is None or (config.max_batch_size > 0 and shape[:1] != (seen.ANY,)):
        return  # nothing to compare; or the batch is wrong, which is said elsewhere
    says = f"the {kind} {declared.name!r} is declared {list(declared.shape)}"
    if not shape:
        if any(size != 1 for size in declared.shape):
            yield error(f"{kind}-dims", f"{says} but the model's is a scalar", "dims: [ 1 ]")
        return
    own = shape[1:] if config.max_batch_size > 0 else shape
    pairs = zip(own, declared.shape, strict=False)
    fits = len(own) == len(declared.shape) and all(
        size == said or (size == seen.ANY and not exact) for size, said in pairs
    )
    if not fits:
        less = " without the batch" if config.max_batch_size > 0 else ""
        field = "dims" if declared.shape == declared.dims else "reshape shape"
        dims = f"{field}: [ {', '.join(map(str, own))} ]"
        yield error(f"{kind}-dims", f"{says} but the model's is {list(own)}{less}", dims)


def _expected(config: Config) -> int:
    """Return how many inputs the backend expects of the model."""
    controls = {
        kind
        for sequence in messages(config.fields, "sequence_batching")
        for control_input in messages(sequence, "control_input")
        for control in messages(control_input, "control")
        for kind in all_of(control, "kind")
    }
    states = [
        state
        for sequence in messages(config.fields, "sequence_batching")
        for state in messages(sequence, "state")
    ]
    needed = [declared for declared in config.inputs if not declared.optional]
    batch = messages(config.fields, "batch_input")
    return len(needed) + len(batch) + len(controls) + len(states)


def _declared(config: Config | None) -> dict[str, Declared]:
    if config is None:
        return {}
    return {declared.name: declared for declared in (*config.inputs, *config.outputs)}


def _writable(value: Value) -> bool:
    return value.dtype in TYPES and value.shape is not None


def _lines(kind: str, values: list[Value], *, batched: bool) -> str:
    if not values:
        return ""
    try:
        return " ".join(tensors(kind, values, batched=batched).split())
    except PackageError:
        return ""
