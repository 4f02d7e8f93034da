"""Renders a document as one HTML file: no scripts, no external resources, A4 when printed."""

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from typing import Final, assert_never

from service.exchange.dossier.document import (
    Block,
    Cell,
    CheckList,
    DossierDocument,
    Facts,
    Paragraph,
    Picture,
    Section,
    Style,
    Subsection,
    Table,
    TextLine,
)

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
"""Content security policy: no scripts, no loading."""
CONTROLS: Final = (*range(9), 11, 12, *range(14, 32), *range(127, 160), 0xFFFE, 0xFFFF)
REORDERING: Final = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Bidirectional formatting characters (UAX 9), which could reorder the register's own words around a text."""
UNPRINTABLE: Final = dict.fromkeys((*CONTROLS, *REORDERING), "\ufffd")


def html(document: DossierDocument) -> bytes:
    sheet = files("service.exchange.dossier").joinpath("dossier.css").read_text("utf-8")
    title = f"{document.kind}: {document.title}"
    marking = _element("p", _text(document.marking), "marking")
    body = "\n".join(
        (
            marking,
            "<header>",
            _element("p", _text(document.kind), "kind"),
            _element("h1", _text(document.title)),
            _element("p", _text(document.subtitle), "subtitle"),
            _element("p", _text(document.standing), "standing"),
            _facts(document.facts),
            "</header>",
            "<main>",
            *(_section(number, section) for number, section in enumerate(document.sections, start=1)),
            "</main>",
            "<footer>",
            _element("p", _text(document.printed)),
            marking,
            "</footer>",
        )
    )
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>{_text(title)}</title>
<style>
{sheet}
@page {{ @top-center {{ content: {_string(document.marking)} }} }}
@page {{ @bottom-left {{ content: {_string(document.printed)} }} }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
    return page.encode()


def _section(number: int, section: Section) -> str:
    blocks = (_part(each) if isinstance(each, Subsection) else _block(each) for each in section.blocks)
    return (
        f'<section>\n<h2><span class="number">{number}</span> {_text(section.title)}</h2>\n{_lines(blocks)}\n</section>'
    )


def _part(part: Subsection) -> str:
    return f'<div class="part">\n<h3>{_text(part.title)}</h3>\n{_lines(map(_block, part.blocks))}\n</div>'


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return f'<p class="{block.line.style.value}">{_text(block.line.text)}</p>'
        case Facts():
            return _facts(block)
        case Table():
            return _table(block)
        case CheckList():
            items = _lines(
                f'<li class="{"unmet" if check.result.is_in_the_way else "met"}"><span>{check.result}</span> '
                f"{_text(check.text)}</li>"
                for check in block.checks
            )
            return f'<div class="checks">\n<p>{_text(block.title)}</p>\n<ul>\n{items}\n</ul>\n</div>'
        case Picture():
            return f'<figure role="img" aria-label="{_text(block.text_alternative)}">{block.svg}</figure>'
        case _:
            assert_never(block)


def _facts(facts: Facts) -> str:
    rows = _lines(f"<div><dt>{_text(name)}</dt><dd>{_cell(cell)}</dd></div>" for name, cell in facts.rows)
    return f"<dl>\n{rows}\n</dl>"


def _table(table: Table) -> str:
    total = sum(table.weights)
    columns = "".join(f'<col style="width:{100 * weight / total:.1f}%">' for weight in table.weights)
    titles = "".join(f'<th scope="col">{_text(title)}</th>' for title in table.titles)
    rows = _lines("<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    head = f"<colgroup>{columns}</colgroup>\n<thead><tr>{titles}</tr></thead>"
    return f"<table>\n{head}\n<tbody>\n{rows}\n</tbody>\n</table>"


def _cell(cell: Cell) -> str:
    return "".join(map(_line, cell))


def _line(line: TextLine) -> str:
    if line.style is Style.PLAIN:
        return f"<p>{_text(line.text)}</p>"
    return f'<p class="{line.style.value}">{_text(line.text)}</p>'


def _element(name: str, inner: str, kind: str = "") -> str:
    return f'<{name} class="{kind}">{inner}</{name}>' if kind else f"<{name}>{inner}</{name}>"


def _text(text: str) -> str:
    return escape(text.translate(UNPRINTABLE))


def _string(text: str) -> str:
    """A CSS string literal, escaped."""
    return (
        '"'
        + "".join(c if c.isalnum() or c in " ,.:-" else f"\\{ord(c):06x}" for c in text.translate(UNPRINTABLE))
        + '"'
    )


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(parts)
