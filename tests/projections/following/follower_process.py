"""Followers in a process of their own, to be killed: `python -m tests.projections.following.follower_process URL`."""

import sys
from threading import Event, Thread

from projections.catalogue import VIEWS
from projections.following.follower import follow, view_consumer
from projections.following.leadership import FollowerLimits
from service.event_store.store import EventStore


def main(url: str) -> None:
    store = EventStore(url)
    limits = FollowerLimits(lead=0.02, listen=0.05, block=7)
    threads = [Thread(target=follow, args=(view_consumer(view), url, store.feed, Event(), limits)) for view in VIEWS]
    for thread in threads:
        thread.start()
    sys.stdout.write("following\n")
    sys.stdout.flush()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1])
