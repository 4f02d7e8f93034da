"""Adds the golden files that are missing: `python -m tests.golden.generate`. One that is there is never rewritten."""

from domain import catalogue
from tests.golden.samples import sample


def main() -> None:
    for name in catalogue.EVENTS:
        golden = sample(name)
        if not golden.file.exists():
            golden.write()
            print(f"added {golden.file.name}")


if __name__ == "__main__":
    main()
