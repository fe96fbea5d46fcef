import base64
import hashlib
import json
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from typer.testing import CliRunner

from onnxprobe.cli.app import app
from onnxprobe.errors import MissingExtraError, PackageError
from onnxprobe.package import PACKAGINGS, package, verify

PLAIN = PACKAGINGS["plain"]


def keys(folder, name, key=None):
    """Write a pair of keys, as openssl does."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    private, public = folder / f"{name}.pem", folder / f"{name}.pub"
    kind = PrivateFormat.TraditionalOpenSSL
    private.write_bytes(key.private_bytes(Encoding.PEM, kind, NoEncryption()))
    spki = PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, spki))
    return private, public


@pytest.fixture
def signed(fused, tmp_path):
    private, public = keys(tmp_path, "ours")
    package(fused, PLAIN, tmp_path / "out", key=private)
    return tmp_path / "out", public


def test_a_package_without_changes_is_verified_wherever_it_lies(signed, tmp_path):
    folder, public = signed
    found = verify(folder, public)
    assert (found.files, found.signed, found.by) == (7, True, str(public))
    folder.rename(tmp_path / "elsewhere")
    assert verify(tmp_path / "elsewhere", public).by == str(public)


def test_the_signature_names_no_place_of_the_machine_it_was_made_on(signed):

    folder, _ = signed
    bundle = json.loads((folder / "model.sig").read_text())
    statement = base64.b64decode(bundle["dsseEnvelope"]["payload"]).decode()
    assert str(folder.parent) not in statement
    assert ".tmp" not in statement


def test_somebody_elses_key_does_not_verify(signed, tmp_path):
    _, other = keys(tmp_path, "theirs")
    with pytest.raises(PackageError, match=r"is not what the owner of .*theirs.pub' signed"):
        verify(signed[0], other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "labels.txt").write_text("x\n"), "'labels.txt' in .* has been changed"),
        (lambda f: (f / "labels.txt").unlink(), "'labels.txt' is missing"),
        (lambda f: (f / "numpy.py").write_text("evil"), "'numpy.py' was not in"),
        (lambda f: (f / "SHA256SUMS").unlink(), "is no package: it has no 'SHA256SUMS'"),
        (lambda f: (f / "SHA256SUMS").write_text("damaged"), "'.*SHA256SUMS' is damaged"),
        (lambda f: (f / "SHA256SUMS").write_bytes(b"\xff\xfe\0"), "'.*SHA256SUMS' is damaged"),
    ],
)
def test_what_was_changed_added_or_taken_away_is_named(signed, change, message):
    change(signed[0])
    with pytest.raises(PackageError, match=message):
        verify(signed[0])


def test_sums_that_were_written_anew_do_not_hide_a_change_from_the_signature(signed):
    folder, public = signed
    (folder / "labels.txt").write_text("x\n")
    sums = (folder / "SHA256SUMS").read_text().splitlines()
    digest = hashlib.sha256(b"x\n").hexdigest()
    new = [f"{digest}  labels.txt" if s.endswith("labels.txt") else s for s in sums]
    (folder / "SHA256SUMS").write_text("\n".join(new) + "\n")
    assert verify(folder).signed
    with pytest.raises(PackageError, match="is not what the owner of"):
        verify(folder, public)


@pytest.mark.parametrize("text", ["{}", "not JSON", ""])
def test_a_damaged_signature_does_not_verify(signed, text):
    (signed[0] / "model.sig").write_text(text)
    with pytest.raises(PackageError, match="is not what the owner of"):
        verify(*signed)


def test_a_package_without_a_signature_says_so(fused, tmp_path):
    _, public = keys(tmp_path, "ours")
    package(fused, PLAIN, tmp_path / "out")
    assert verify(tmp_path / "out").signed is False
    with pytest.raises(PackageError, match=r"is not signed: it has no 'model.sig'"):
        verify(tmp_path / "out", public)


def test_a_key_that_cannot_sign_keeps_anything_from_being_written(fused, tmp_path):
    private, public = keys(tmp_path, "rsa", rsa.generate_private_key(65537, 2048))
    for key in (private, public, fused):
        with pytest.raises(PackageError, match="cannot sign; it must be an unencrypted EC private"):
            package(fused, PLAIN, tmp_path / "out", key=key)
    with pytest.raises(PackageError, match=r"there is no key .*; make one with: openssl"):
        package(fused, PLAIN, tmp_path / "out", key=tmp_path / "nowhere.pem")
    assert not [p for p in tmp_path.iterdir() if "out" in p.name]


def test_the_extra_is_named_where_it_is_missing(fused, tmp_path, monkeypatch):
    private, _ = keys(tmp_path, "ours")
    monkeypatch.setitem(sys.modules, "model_signing", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'onnxprobe\[sign\]'"):
        package(fused, PLAIN, tmp_path / "out", key=private)


def test_the_command_says_what_it_verified(signed):
    folder, public = signed
    runner = CliRunner()
    said = runner.invoke(app, ["verify", str(folder)], catch_exceptions=False).output
    assert said.strip().endswith("signed; say whose signature it should be with --key")
    said = runner.invoke(app, ["verify", str(folder), "--key", str(public)], catch_exceptions=False)
    assert said.output == (
        f"{folder}: 7 files as they were packaged; signed by the owner of {public}\n"
    )
