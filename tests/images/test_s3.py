"""Pictures in a bucket: the S3 protocol as moto serves it, asked by s3fs as users set it up."""

import os
import pickle
import subprocess
import sys
import sysconfig
import urllib.parse
import urllib.request

import cv2
import numpy as np
import pytest
from environments import venv
from servers.serving import free_port, running
from source_parts import KINDS
from tiny import tiny_model

from onnxprobe.fuse import with_metadata
from onnxprobe.graph.save import save
from onnxprobe.images import SOURCES, Preprocess

pytestmark = pytest.mark.servers
PACKAGES = ("moto[server]==5.2.5", "s3fs==2026.9.0")
COMMAND = "from onnxprobe.cli.app import main; main()"
READ = """
import pickle, sys
from onnxprobe.images import open_source
sources = map(open_source, pickle.load(sys.stdin.buffer))
found = [(source.kind, {name: source.read(name) for name in source.names}) for source in sources]
sys.stdout.buffer.write(pickle.dumps(found))
"""
REFUSED = """
import sys
from onnxprobe.errors import PicturesError
from onnxprobe.images import open_source
for where in sys.argv[1:]:
    try:
        open_source(where)
    except PicturesError as error:
        print(error)
"""
SEEN = Preprocess(size=(8, 8), mean=(127,), std=(64,))


class Bucket:
    """The bucket ``far``."""

    def __init__(self, url, packages):
        self.url = url
        self.environment = os.environ | {
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": url,
            "PYTHONPATH": packages,
        }

    def send(self, method, path, body=b""):
        place, headers = self.url + urllib.parse.quote(path), {"Content-Type": "text/plain"}
        request = urllib.request.Request(place, body, headers, method=method)  # noqa: S310
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310  loopback

    def run(self, code, *said, **how):
        command = [sys.executable, "-W", "ignore", "-c", code, *map(str, said)]
        done = subprocess.run(
            command, capture_output=True, env=self.environment, check=False, **how
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return done

    def said_of(self, *said):
        """Return the last line that a command says."""
        done = self.run(COMMAND, *said)
        return (done.stderr if done.returncode else done.stdout).decode().strip()


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    python, port = venv(tmp_path_factory.mktemp("environment"), PACKAGES), free_port()
    url, log = f"http://127.0.0.1:{port}", tmp_path_factory.mktemp("moto") / "log"
    with running([python, "-m", "moto.server", "-p", str(port)], f"{url}/moto-api/", log):
        made = Bucket(url, sysconfig.get_path("purelib", vars={"base": python.parent.parent}))
        made.send("PUT", "/far")
        for name, data in photos().items():
            made.send("PUT", f"/far/photos/{name}", data)
        yield made


def photos():
    """Forty small pictures by name."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 12, 10, 3), dtype=np.uint8)
    return {f"{i:02d}.png": cv2.imencode(".png", one)[1].tobytes() for i, one in enumerate(pixels)}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    save(with_metadata(tiny_model(), {"onnxprobe.preprocess": SEEN.to_json()}), path)
    return path


def test_in_a_bucket_every_kind_is_what_it_is_on_the_disk(bucket, tmp_path):
    asked, wanted = [], []
    for kind in SOURCES:
        root = tmp_path / kind
        root.mkdir()
        make, pictures = KINDS[kind]
        asked.append(str(make(root)).replace(str(root), f"s3://far/{kind}"))
        bare = kind in (
            "folder",
            "list",
        )  # names of objects are UTF-8, and moto wants them in a line
        wanted.append((kind, {n: d for n, d in pictures.items() if n.isprintable() or not bare}))
        for path in (path for path in root.rglob("*") if path.is_file()):
            key = f"/far/{kind}/{path.relative_to(root)}"
            if key.isprintable():
                bucket.send("PUT", key, b"".join(_utf8_only(path)))
    found = pickle.loads(bucket.run(READ, input=pickle.dumps(asked)).stdout)  # noqa: S301  our own
    assert found == wanted


def _utf8_only(path):
    if path.suffix != ".txt":
        return [path.read_bytes()]
    return [line for line in path.read_bytes().splitlines(keepends=True) if b"utf8" not in line]


@pytest.mark.parametrize("workers", [1, 2])
def test_pictures_of_a_bucket_make_the_store_that_files_make(workers, bucket, model, tmp_path):
    (tmp_path / "photos").mkdir()
    for name, data in photos().items():
        (tmp_path / "photos" / name).write_bytes(data)
    vectors = []
    for source in (tmp_path / "photos", "s3://far/photos/"):
        out = tmp_path / f"{len(vectors)}.h5"
        said = bucket.said_of("embed", model, source, "-o", out, "--workers", workers)
        assert "40 pictures, 40 ok" in said
        bucket.said_of("export", out, "--to", "npy", "-o", tmp_path / f"{len(vectors)}")
        folder = tmp_path / f"{len(vectors)}"
        vectors.append(
            [(folder / name).read_bytes() for name in ("embeddings-0.npy", "ledger.parquet")]
        )
    assert vectors[0] == vectors[1]


def test_what_is_not_there_is_named_in_a_line(bucket):
    asked = ("s3://nowhere", "s3://nowhere/a.tar", "s3://far/gone", "s3://far/gone/*.jpg")
    assert bucket.run(REFUSED, *asked).stdout.decode().splitlines() == [
        "there is no folder or file 's3://nowhere'",
        "there is no folder or file 's3://nowhere/a.tar'",
        "there is no folder or file 's3://far/gone'",
        "no file fits the pattern 's3://far/gone/*.jpg'",
    ]


def test_an_object_that_has_gone_is_missing(bucket, model, tmp_path):
    bucket.send("PUT", "/far/list.txt", b"photos/00.png\nphotos/gone.png\n")
    said = bucket.said_of("embed", model, "s3://far/list.txt", "-o", tmp_path / "e.h5")
    assert "2 pictures, 1 missing, 1 ok" in said


def test_credentials_that_nobody_knows_are_said_in_a_line(bucket):
    asked = ("s3://far/photos", "s3://far/a.tar", "s3://far/photos/*.png")
    bucket.send("POST", "/moto-api/reset-auth", b"0")  # from now on it looks at them
    try:
        said = bucket.run(REFUSED, *asked).stdout.decode().splitlines()
    finally:
        bucket.send("POST", "/moto-api/reset-auth", b"1000000000")
    why = "cannot be read: The AWS Access Key Id you provided does not exist in our records."
    assert said == [f"'{where}' {why}" for where in asked]
