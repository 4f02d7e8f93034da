"""`python -m tests.pictures docs/pictures`. LOG: the log of `make example-bpic2020`, for the process map."""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from service.access.key_files import own_key
from service.cli.demo.case import PEOPLE, DemoCase
from service.cli.demo.client import people
from tests.e2e.browser import browser
from tests.e2e.graphiql import ANSWER, EDITOR, RUN, TABS, with_token
from tests.e2e.serving import Served, serve
from tests.pictures.process_map import process_map
from tests.pictures.terminal import MANDATE, terminal

ROOT = Path(__file__).parents[2]


def main() -> None:
    arguments = argparse.ArgumentParser(prog="python -m tests.pictures")
    arguments.add_argument("target", type=Path)
    arguments.add_argument("--log", type=Path)
    chosen = arguments.parse_args()
    chosen.target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with serve(folder) as served:
            of_the_case(served, chosen.target, folder)
        if chosen.log is not None:
            (chosen.target / "process-map.svg").write_text(process_map(imported(chosen.log, served, folder)))
        print("\n".join(f"{file} {file.stat().st_size:,}" for file in sorted(chosen.target.iterdir())))


def of_the_case(served: Served, target: Path, folder: Path) -> None:
    """What the demonstration case looks like on a terminal, in GraphiQL and as a dossier."""
    key = own_key(Path(served.environment["MANDATE_DATA_DIR"]))
    case = DemoCase(people(served.url, key, PEOPLE), lambda who, what, source: None)
    case.tell_what_happened()
    case.go_on_as_an_exercise()
    reference = f"pristina-{datetime.now(UTC):%Y}-0001"
    commands = ("list", f"explain {reference}", f"history {reference} --newest-first")
    (target / "terminal.svg").write_text(terminal(served, *commands, lines=16))
    served.run("dossier", reference, "--output", str(folder / "case.html"))
    with browser(folder / "profile") as opened:
        page = opened.tab((folder / "case.html").as_uri(), 900, 1100)
        page.picture(target / "dossier.png")
        page.close()
        tab = opened.tab(f"{served.url}/graphql")
        with_token(tab, served.token("reviewer", "kfor", "reviewer"))
        tab.run(f"{TABS}.find((each) => each.innerText === 'AuditTrail').click()")
        tab.wait(f"{EDITOR}.getValue().includes('auditTrail')")
        tab.run(f"{RUN}.click()")
        tab.wait(f"({ANSWER}.includes('has no operation') && {RUN}.click(), {ANSWER}.includes('ReviewBegun'))")
        tab.picture(target / "graphiql.png")
        tab.close()


def imported(log: Path, served: Served, folder: Path) -> Path:
    """The log, imported into a register of its own and exported again, as XES."""
    here = replace(served, environment={**served.environment, "MANDATE_DATA_DIR": str(folder / "imported")})
    histories, exported = folder / "permits.jsonl", folder / "permits.xes"
    subprocess.run([sys.executable, str(ROOT / "examples/bpic2020/convert.py"), str(log), str(histories)], check=True)
    subprocess.run([*MANDATE, "import", str(histories)], env=here.environment, check=True, stdout=subprocess.DEVNULL)
    here.run("export", "--format", "xes", "--output", str(exported))
    return exported


if __name__ == "__main__":
    main()
