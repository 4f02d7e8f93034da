"""A cache holds as many bytes as it may, and the entries that were used last."""

from random import Random

from projections.bounded_cache import BoundedCache


def test_it_evicts_what_was_used_longest_ago() -> None:
    cache: BoundedCache[str, int] = BoundedCache(100)
    for number, key in enumerate("abcd"):
        cache.put(key, number, 25)
    assert cache.get("a") == 0
    cache.put("e", 4, 30)
    assert [key for key in "abcde" if key in cache] == ["a", "d", "e"]
    assert cache.size == 80


def test_an_entry_that_is_too_large_evicts_no_other() -> None:
    cache: BoundedCache[str, int] = BoundedCache(100)
    cache.put("a", 1, 60)
    cache.put("b", 2, 101)
    assert (cache.get("a"), cache.get("b")) == (1, None)
    cache.put("a", 3, 101)
    assert cache.get("a") is None, "the value before is no longer the value"
    assert (len(cache), cache.size) == (0, 0)


def test_its_size_is_that_of_its_entries() -> None:
    cache: BoundedCache[int, int] = BoundedCache(10_000)
    sizes: dict[int, int] = {}
    random = Random(1)
    for _ in range(3_000):
        key, size = random.randrange(200), random.randrange(300)
        if random.random() < 0.2:
            cache.remove(key)
        else:
            cache.put(key, size, size)
            sizes[key] = size
        assert cache.size == sum(sizes[key] for key in sizes if key in cache) <= 10_000
    cache.clear()
    assert (len(cache), cache.size) == (0, 0)
