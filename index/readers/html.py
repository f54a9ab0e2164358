"""Web page → Document: text blocks and data tables in order. The only lxml file.

A table that lays out the page (other tables or blocks inside its cells) is read as the text it holds. Lines count text
blocks and table rows from the top.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from index.domain import Document
from index.errors import ParseError, require
from index.readers.flow import Item, Part, Sheet, SheetCell, Words, parts_to_document, read_bytes

Progress = Callable[[str, int, int], None]

SILENT = {"script", "style", "noscript", "template", "head", "nav", "select", "button", "iframe", "svg", "form-control"}
BLOCKS = {
    *("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "dl", "dt", "dd", "section", "article", "header", "footer"),
    *("main", "aside", "center", "blockquote", "pre", "table", "caption", "form", "fieldset", "figure", "hr", "body", "html"),
}
HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
CENTRED = re.compile(r"text-align\s*:\s*center", re.IGNORECASE)
INDENT = re.compile(r"(?:text-indent|padding-left|margin-left)\s*:\s*([\d.]+)(em|pt|px)", re.IGNORECASE)
CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
POINTS_PER_EM = {"em": 1.0, "pt": 1 / 10.5, "px": 1 / 14}
MAX_SPAN = 200


def read_html(path: Path, doc_id: str, progress: Progress | None = None) -> Document:
    """The parsed document of a saved web page.

    Raises ParseError (one line naming file and reason) for a file that is missing, empty or without text.
    """
    data = read_bytes(path)
    html = require("lxml.html", "读取网页文件", "pip install lxml")
    try:
        root = html.document_fromstring(_decode(data))
    except Exception as error:  # lxml's parser and value errors share no base
        raise ParseError(f"{path.name}：不是可读的网页文件，请检查内容") from error
    items = tuple(_Reader().items(root))
    if progress:
        progress("读取网页", 1, 1)
    return parts_to_document([Part(items)], path, doc_id, data)


def _decode(data: bytes) -> str:
    """By the page's own declaration, else UTF-8, else GB 18030."""
    declared = CHARSET.search(data[:4096])
    name = declared.group(1).decode("ascii", "ignore").lower() if declared else ""
    name = "gb18030" if name.startswith("gb") else name
    for encoding in (name, "utf-8-sig", "gb18030"):
        try:
            return re.sub(r"^\s*<\?xml[^>]*\?>", "", data.decode(encoding))
        except (LookupError, UnicodeDecodeError):
            continue
    return data.decode("utf-8", "replace")


class _Reader:
    """Walks the page and counts lines."""

    def __init__(self) -> None:
        self.line = 1

    def items(self, node: Any, centred: bool = False) -> Iterator[Item]:
        """Lines and tables below a node, in order."""
        centred = centred or _is_centred(node)
        if node.tag == "table":
            yield from self._table(node)
            return
        run = node.text or ""
        for child in node:
            if not isinstance(child.tag, str) or _is_silent(child):
                pass
            elif child.tag == "br":
                yield from self._words(run, centred)
                run = ""
            elif child.tag in BLOCKS or child.xpath(".//table"):
                yield from self._words(run, centred)
                run = ""
                yield from self.items(child, centred)
            else:
                text = _text(child)
                *whole, last = (run + text).split("\n") if child.xpath(".//br|.//p|.//div") else [run + text]
                for line in whole:
                    yield from self._words(line, centred)
                run = last
            run += child.tail or ""
        yield from self._words(run, centred)

    def _words(self, text: str, centred: bool) -> Iterator[Words]:
        parts = tuple(part for part in re.split(r"\u3000{2,}|(?:\u00a0|\u2003){3,}", _squeezed(text)) if part.strip())
        if parts:
            yield Words(tuple(part.strip() for part in parts), self.line, centred)
            self.line += 1

    def _table(self, node: Any) -> Iterator[Item]:
        rows = [row for row in node.iter("tr") if next(row.iterancestors("table")) is node and not _is_silent(row)]
        sheet = _rows_to_sheet(rows, self.line)
        if node.xpath(".//table") or len(rows) < 2 or sheet.columns < 2:
            for caption in node.iterchildren("caption"):
                yield from self.items(caption)
            for row in rows:
                for cell in _cells(row):
                    yield from self.items(cell)
            return
        for caption in node.iterchildren("caption"):
            yield from self.items(caption, True)
        sheet = _rows_to_sheet(rows, self.line)
        self.line += len(rows)
        yield sheet


def _cells(row: Any) -> list[Any]:
    return [cell for cell in row if cell.tag in ("td", "th") and not _is_silent(cell)]


def _rows_to_sheet(rows: list[Any], first_line: int) -> Sheet:
    """Cells placed as a browser places them: each in the first free column of its row."""
    taken: set[tuple[int, int]] = set()
    cells: list[SheetCell] = []
    for r, row in enumerate(rows):
        column = 0
        for node in _cells(row):
            while (r, column) in taken:
                column += 1
            across, down = _span(node, "colspan"), min(_span(node, "rowspan"), len(rows) - r)
            text = "\n".join(_squeezed(line) for line in _text(node).split("\n") if line.strip())
            indent = 0.0 if _is_centred(node) else _indent(node)
            cells.append(SheetCell(r, r + down, column, column + across, text, indent))
            taken.update((y, x) for y in range(r, r + down) for x in range(column, column + across))
            column += across
    width = max((cell.c1 for cell in cells), default=0)
    return Sheet(tuple(cells), tuple(range(first_line, first_line + len(rows))), width)


def _span(node: Any, name: str) -> int:
    value = re.match(r"\d+", (node.get(name) or "1").strip())
    return max(1, min(int(value.group()), MAX_SPAN)) if value else 1


def _text(node: Any) -> str:
    """The visible text below a node; blocks and <br> end lines."""
    parts = [_flat(node.text)]
    for child in node:
        if isinstance(child.tag, str) and not _is_silent(child):
            broken = child.tag in BLOCKS
            parts += ["\n" if broken or child.tag == "br" else "", _text(child), "\n" if broken else ""]
        parts.append(_flat(child.tail))
    return "".join(parts)


def _flat(text: str | None) -> str:
    """Source line breaks are blanks."""
    return re.sub(r"[ \t\r\n\f]+", " ", text or "")


def _squeezed(text: str) -> str:
    """Blanks of the source gone at the ends and single inside; printed indentation (no-break and wide blanks) kept."""
    return re.sub(r"[ \t\r\n\f]+", " ", text).strip(" ")


def _is_silent(node: Any) -> bool:
    return node.tag in SILENT or bool(HIDDEN.search(node.get("style") or "")) or node.get("hidden") is not None


def _is_centred(node: Any) -> bool:
    align = (node.get("align") or "").lower()
    return node.tag in ("center", "h1") or align == "center" or bool(CENTRED.search(node.get("style") or ""))


def _indent(node: Any) -> float:
    for place in (node, *node.iterchildren("p", "div", "span")):
        found = INDENT.search(place.get("style") or "")
        if found:
            return float(found.group(1)) * POINTS_PER_EM[found.group(2).lower()]
    return 0.0
