"""Labels pictures slowly enough to be killed: PICTURES OUT SECONDS."""

import sys
import time
from dataclasses import dataclass

from fused_models import detecting

from onnxprobe.embed import writer
from onnxprobe.images import open_source
from onnxprobe.label import label
from onnxprobe.store import resume


@dataclass
class Slow:
    inner: object

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def read(self, name, most=None):
        time.sleep(float(sys.argv[3]))
        return self.inner.read(name, most)


if __name__ == "__main__":
    resume._FEWEST, writer.SECONDS_AT_RISK = 8, 0.02
    source = Slow(open_source(sys.argv[1]))
    model = detecting([0.5, 0.1], sample=(100, (30, 60)))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    label(model, source, sys.argv[2], batch=4)
