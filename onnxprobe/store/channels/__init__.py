"""What the vectors of a probe are like, channel by channel, gathered while they are made.

Mean and covariance, bounds, channels that say nothing, the pictures that excite each channel most.
All of it can be merged: two stretches of pictures give what both together give.
"""

from onnxprobe.store.channels.channels import TOP, Channels
from onnxprobe.store.channels.gather import channels, every_channel
from onnxprobe.store.channels.tree import Tree

__all__ = ["TOP", "Channels", "Tree", "channels", "every_channel"]
