"""What a workbook cannot hold is cut with a remark, or refused."""

import pytest

from service.exchange.exports import xlsx
from service.exchange.visible_log.refused import ExportRefused
from tests.service.exchange.exports import readers
from tests.service.exchange.exports.exporter import Exporter


@pytest.mark.parametrize("length", [0, 1, xlsx.LONGEST])
def test_a_text_that_fits_is_whole(length: int) -> None:
    assert xlsx.fitting("x" * length) == "x" * length


def test_a_longer_text_is_cut_and_says_so() -> None:
    cut = xlsx.fitting("x" * 40_000)
    assert len(cut) == xlsx.LONGEST
    assert cut.endswith("x [cut: 40,000 characters; csv has all of them]")


def test_more_rows_than_a_sheet_has_are_refused(register: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 3)
    with pytest.raises(ExportRefused, match="the sheet Requests would have more than 3 rows: choose csv or jsonl"):
        register.export("xlsx", "xlsx")


def test_dates_before_those_of_spreadsheets_are_texts(register: Exporter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "EARLIEST", 9999)
    rows = readers.workbook(register.export("xlsx", "xlsx"))["Events"]
    assert {type(row["recordedAt"]) for row in rows} == {str}
