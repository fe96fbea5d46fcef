"""Whether the text in a model is text: what protobuf checks in proto3, but not in ONNX's proto2.

A name of other bytes comes out of the Python bindings as ``bytes`` where all the world expects
``str``. Looking at every name takes longer than reading the file; parsing it once more as messages
that are the same but for this check takes a tenth of that.
"""

from typing import Final

import onnx
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message

from onnxprobe.errors import NotOnnxError


def check_text(data: bytes) -> None:
    """Return if every name and text of a serialised ``ModelProto`` is UTF-8.

    Raises:
        NotOnnxError: one is not.
    """
    try:
        _STRICT.FromString(data)
    except DecodeError:
        raise NotOnnxError("a name or text in it is not UTF-8") from None


def _strict_model() -> type[Message]:
    file = descriptor_pb2.FileDescriptorProto()
    onnx.ModelProto.DESCRIPTOR.file.CopyToProto(file)
    file.syntax = "proto3"
    for message in file.message_type:
        _without_defaults(message)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(
        pool.FindMessageTypeByName(onnx.ModelProto.DESCRIPTOR.full_name)
    )


def _without_defaults(message: descriptor_pb2.DescriptorProto) -> None:
    """Take away what proto3 does not have."""
    for field in message.field:
        field.ClearField("default_value")
    for nested in message.nested_type:
        _without_defaults(nested)


_STRICT: Final = _strict_model()
