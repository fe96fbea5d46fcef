"""An old client's requests, asked of two servers: are the answers the same?"""

from onnxprobe.replay.comparing import difference
from onnxprobe.replay.recording import FORMATS, Request, read_recording
from onnxprobe.replay.replaying import Outcome, Replay, replay

__all__ = ["FORMATS", "Outcome", "Replay", "Request", "difference", "read_recording", "replay"]
