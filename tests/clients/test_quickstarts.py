"""The quick starts of the documentation, executed with the clients that people use."""

import re
import shutil

import pytest
from graphql import build_schema, parse, validate

from tests.clients.programs import EXAMPLES, Programs, Register, execute
from tests.tidy.repository import ROOT, files

FOLLOWED = ["read {0} SUBMITTED", "followed {0} SUBMITTED", "followed {0} WITHDRAWN"]
SAID = {
    "graphql-ws": FOLLOWED,
    "graphql-sse": FOLLOWED[1:],
    "apollo": FOLLOWED,
    "urql": FOLLOWED,
    "relay": FOLLOWED,
}
DOCUMENT = re.compile(r'(?:graphql\(?`|gql\("""|graphql \'|query=)(.+?)(?:`|"""|\')', re.DOTALL)


def reference(lines: list[str]) -> str:
    """Of the request that a program speaks of."""
    return lines[0].split()[1]


def expected(lines: list[str], wanted: list[str]) -> list[str]:
    return [line.format(reference(lines)) for line in wanted]


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("jq") is None, reason="curl or jq is absent")
def test_curl(register: Register) -> None:
    said = register.run(["sh", "quickstart.sh"], EXAMPLES / "curl")
    assert said == expected(said, ["read {0} SUBMITTED", "followed {0} RequestWithdrawn"])


def documents() -> dict[str, list[str]]:
    """Path of a program -> the documents in it."""
    found = {}
    for path in files():
        if EXAMPLES in path.parents and path.suffix in (".ts", ".py", ".sh", ".graphql"):
            text = path.read_text()
            texts = [text] if path.suffix == ".graphql" else DOCUMENT.findall(text)
            if texts:
                found[str(path.relative_to(EXAMPLES))] = texts
    return found


@pytest.mark.parametrize("path", documents())
def test_the_documents_are_valid(path: str) -> None:
    """Without any client, so that a change of the schema is noticed where there is none."""
    schema = build_schema((ROOT / "schema.graphql").read_text())
    for text in documents()[path]:
        assert validate(schema, parse(text)) == []


def test_gql(register: Register, programs: Programs) -> None:
    folder, python = programs.python("gql")
    said = register.run([str(python), "quickstart.py"], folder)
    assert said == expected(said, FOLLOWED)


def test_ariadne_codegen(register: Register, programs: Programs) -> None:
    folder, python = programs.python("ariadne-codegen")
    execute([str(python.parent / "ariadne-codegen")], folder)
    said = register.run([str(python), "quickstart.py"], folder)
    assert said == expected(said, FOLLOWED)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("client", SAID)
def test_typescript(register: Register, programs: Programs, client: str) -> None:
    """Compiled with `tsc --strict` from what graphql-codegen and Relay's compiler generate from the schema."""
    folder = programs.typescript()
    said = register.run(["node", f"build/{client}.js"], folder)
    assert said == expected(said, SAID[client])


WRONG = """import { input } from "./input.js";
export const wrong = { ...input, strength: input.strenght };
"""


def test_types_are_checked(programs: Programs) -> None:
    """What the schema does not have does not compile."""
    folder = programs.typescript()
    wrong = folder / "src" / "wrong.ts"
    wrong.write_text(
        'import { input } from "./input.js";\nexport const wrong = { ...input, strength: input.strenght };\n'
    )
    try:
        with pytest.raises(AssertionError, match="strenght"):
            execute(["npx", "tsc", "--noEmit"], folder)
    finally:
        wrong.unlink()


def test_pins_name_no_registry() -> None:
    for path in (*EXAMPLES.rglob("package-lock.json"), *EXAMPLES.rglob("requirements.txt")):
        assert '"resolved"' not in path.read_text()
        assert "--index-url" not in path.read_text()
