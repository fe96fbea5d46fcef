"""What clients of stores of objects are told, and how long their lists are waited for."""

import asyncio

import fsspec.config
import pytest
from fsspec.asyn import AsyncFileSystem
from fsspec.spec import AbstractFileSystem

from onnxprobe.images.places import AT_ONCE, Patience
from onnxprobe.images.places.clients import options_for
from onnxprobe.images.places.listing import files_under, forget_listing, is_folder
from onnxprobe.images.places.moving import while_moving

PATIENCE = Patience(seconds=7)


@pytest.mark.parametrize("url", ["s3://bucket/photos", "simplecache::s3://bucket/a.tar"])
def test_the_client_of_s3_may_ask_as_often_at_once_as_pictures_are_asked_for(url):
    told = {"max_pool_connections": AT_ONCE, "read_timeout": 7}
    assert options_for(url, PATIENCE) == {"s3": {"config_kwargs": told}}


@pytest.mark.parametrize("url", ["https://example.org/s3://x", "gs://s3/x", "memory://x"])
def test_others_are_told_nothing(url):
    assert options_for(url, PATIENCE) == {}


def test_what_users_have_configured_stays(monkeypatch):
    configured = {"max_pool_connections": 5, "signature_version": "s3v4"}
    monkeypatch.setitem(fsspec.config.conf, "s3", {"config_kwargs": configured, "anon": True})
    told = options_for("s3://bucket", PATIENCE)
    assert told == {"s3": {"config_kwargs": configured | {"read_timeout": 7}}}


LIMIT = 0.5
"""Seconds; ten times a step, so that a busy machine makes none too long."""


async def _answers(count, seconds):
    for _ in range(count):
        await asyncio.sleep(seconds)
    return count


def test_a_list_may_take_longer_than_one_answer():
    assert asyncio.run(while_moving(_answers(20, LIMIT / 10), LIMIT)) == 20


def test_a_list_that_stalls_is_given_up_and_cleans_up():
    ended = []

    async def stalls():
        await _answers(3, 0.01)
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)  # as closing a connection does
            ended.append("cleaned up")

    with pytest.raises(TimeoutError):
        asyncio.run(while_moving(stalls(), LIMIT / 2))
    assert ended == ["cleaned up"]


def test_an_error_of_a_list_is_what_it_was():
    async def fails():
        await asyncio.sleep(0)
        raise PermissionError("no")

    with pytest.raises(PermissionError, match="no"):
        asyncio.run(while_moving(fails(), LIMIT))


def test_a_list_may_catch_what_it_waits_for():
    async def survives():
        try:
            await asyncio.wait_for(asyncio.sleep(60), 0.01)
        except TimeoutError:
            return "survived"

    assert asyncio.run(while_moving(survives(), LIMIT)) == "survived"


class Objects(AsyncFileSystem):
    """Lists whole trees, as stores of objects do."""

    cachable, forgot = False, 0

    async def _find(self, path, **_):
        return [f"{path}/a.jpg", f"{path}/b/c.jpg"]

    def invalidate_cache(self, path=None):  # noqa: ARG002
        self.forgot += 1


class Folders(AbstractFileSystem):
    """Is asked for folder after folder."""

    cachable, forgot = False, 0

    def invalidate_cache(self, path=None):  # noqa: ARG002
        self.forgot += 1


def test_stores_of_objects_are_asked_for_the_whole_tree_and_never_whether_it_is_a_folder():
    asked = []

    def ask(method, path, **_):
        asked.append(method)
        return {"find": [f"{path}/a.jpg"], "info": {"type": "directory"}}[method]

    assert is_folder(Objects(), "bucket/photos", ask)
    assert list(files_under(Objects(), "bucket/photos", ask)) == ["bucket/photos/a.jpg"]
    assert asked == ["info", "find"]  # isdir would list all of it


def test_a_bucket_that_nobody_may_look_into_is_said_and_no_file_is_looked_for():
    def ask(*_, **__):
        raise PermissionError("Forbidden")

    assert not is_folder(Objects(), "bucket/a.tar", ask)  # which may be read all the same
    with pytest.raises(PermissionError, match="Forbidden"):
        is_folder(Objects(), "bucket", ask)


def test_only_what_nobody_looks_at_again_is_forgotten():
    objects, folders = Objects(), Folders()
    forget_listing(objects)
    forget_listing(folders)
    assert (objects.forgot, folders.forgot) == (1, 0)
