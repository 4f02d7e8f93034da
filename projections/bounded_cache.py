"""A cache whose estimated memory is bounded. It evicts what was used longest ago."""

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """A mapping with a size in bytes for each entry, estimated by the caller. Values are not None. Not thread-safe.

    size: estimated bytes of all entries. A larger entry than `most_bytes` is not kept, and evicts no other.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.size = 0
        self._entries: dict[K, tuple[V, int]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: K) -> bool:
        return key in self._entries

    def get(self, key: K) -> V | None:
        """The value, which is now the one used last."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return None
        self._entries[key] = entry
        return entry[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Keeps or replaces an entry. size: in bytes."""
        self.remove(key)
        if size > self.most_bytes:
            return
        self._entries[key] = value, size
        self.size += size
        while self.size > self.most_bytes:
            self.remove(next(iter(self._entries)))

    def remove(self, key: K) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= entry[1]

    def clear(self) -> None:
        self._entries.clear()
        self.size = 0
