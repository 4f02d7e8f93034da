"""The case, printed for one of those who had a part in it."""

from pathlib import Path

from service.cli.demo.case import DemoCase
from tests.e2e.serving import Served

REFERENCE = "query ($id: ID!) { deploymentRequest(id: $id) { reference } }"


def test_the_dossier_contains_what_its_requester_may_see(served: Served, demo_case: DemoCase, tmp_path: Path) -> None:
    token = served.token("requester", "pristina", "requester")
    reference = served.data(token, REFERENCE, id=demo_case.request)["deploymentRequest"]["reference"]
    page, paper = tmp_path / "case.html", tmp_path / "case.pdf"
    for output in (page, paper):
        said = served.run("dossier", reference, "--output", str(output), "--token", token)
        assert "GREEN, printed on" in said.stderr
        assert "for Official in Pristina, Pristina" in said.stderr
    text = page.read_text()
    for words in (
        "Approved, with conditions, on",
        "It was confirmed on",
        "letter of 19 April 2013 on the KSF in the north",
        "120 persons",
        "80 persons",
        "60 persons",
        "Approving officer",
        "EXERCISE group Heron (invented)",
        "1 endorsement of revision 2; an ",
        "Endorsed: revision 2",
        "The approval is confirmed",
        "Duty officer for Approving officer",
        "F: reliability cannot be judged",
        "The table below lists events and decisions that refer to them.",
    ):
        assert words in text, words
    assert paper.read_bytes().startswith(b"%PDF-")
    assert (page.stat().st_mode & 0o777, paper.stat().st_mode & 0o777) == (0o600, 0o600)
