"""Random bytes are never handed out twice: not to two threads, not to a forked process."""

import os
from concurrent.futures import ThreadPoolExecutor

from service.event_store.random_source import BUFFER_SIZE, RandomSource, random_id


def test_threads_never_share_bytes() -> None:
    source = RandomSource()
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda _: source.bytes(16), range(4 * BUFFER_SIZE // 16)))
    assert len(set(drawn)) == len(drawn)
    assert {len(each) for each in drawn} == {16}


def test_more_than_a_bufferful_may_be_asked_for() -> None:
    assert len(RandomSource().bytes(3 * BUFFER_SIZE)) == 3 * BUFFER_SIZE


def test_a_forked_process_draws_its_own() -> None:
    source = RandomSource()
    source.bytes(1)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, source.bytes(16))
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 16) != source.bytes(16)


def test_an_id_is_of_version_4() -> None:
    assert random_id().version == 4
