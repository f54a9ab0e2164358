"""Word-processor document → Document: paragraphs with their automatic numbers, tables with merged cells. The only python-docx file.

Lines count paragraphs and table rows from the top. Deleted and hidden text is left out, inserted text is read.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from index.domain import Document
from index.errors import ParseError, require
from index.readers.flow import Item, Part, Sheet, SheetCell, Words, parts_to_document, read_bytes

Progress = Callable[[str, int, int], None]

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
CHINESE = ("chineseCounting", "chineseCountingThousand", "japaneseCounting", "ideographDigital", "taiwaneseCountingThousand")
NUMERALS = "零一二三四五六七八九"


def read_docx(path: Path, doc_id: str, progress: Progress | None = None) -> Document:
    """The parsed document of a word-processor file.

    Raises ParseError (one line naming file and reason) for a file that is missing, empty, encrypted or of another kind.
    """
    data = read_bytes(path)
    docx = require("docx", "读取 docx 文件", "pip install python-docx")
    try:
        file = docx.Document(io.BytesIO(data))
    except Exception as error:  # the library lets errors of zip, XML and its own through
        reason = "文件有密码保护，请先解除密码" if data[:4] == b"\xd0\xcf\x11\xe0" else "不是可读的 docx 文件或已损坏，请重新下载"
        raise ParseError(f"{path.name}：{reason}") from error
    items = tuple(_body_to_items(file.element.body, _Numbering(file)))
    if progress:
        progress("读取文档", 1, 1)
    return parts_to_document([Part(items)], path, doc_id, data)


def _body_to_items(body: Any, numbering: _Numbering) -> Iterator[Item]:
    line = 1
    for element in _blocks(body):
        if element.tag == W + "p":
            for text in (numbering.number(element) + _text(element)).split("\n"):
                if text.strip():
                    yield Words(tuple(part for part in text.strip().split("\t") if part.strip()), line, _is_centred(element))
                    line += 1
        else:
            table = _table(element, line, numbering)
            if len(table.cells) == 1:  # a frame around text, no table
                for text in table.cells[0].text.split("\n"):
                    yield Words((text.strip(),), line)
                    line += 1
            elif table.cells:
                yield table
                line += len(table.lines)


def _blocks(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, also those inside content controls and insertions."""
    for child in parent:
        if child.tag in (W + "p", W + "tbl"):
            yield child
        elif child.tag in (W + "sdt", W + "sdtContent", W + "ins", W + "smartTag", W + "customXml"):
            yield from _blocks(child)


def _text(paragraph: Any) -> str:
    """The visible text of a paragraph; tabs and line breaks kept."""
    parts = []
    for node in _visible(paragraph):
        if node.tag == W + "t":
            parts.append(node.text or "")
        elif node.tag == W + "tab" and node.getparent().tag == W + "r":
            parts.append("\t")
        elif node.tag in (W + "br", W + "cr"):
            parts.append("\n")
        elif node.tag == W + "noBreakHyphen":
            parts.append("-")
    return "".join(parts)


def _visible(node: Any) -> Iterator[Any]:
    for child in node:
        if child.tag in (W + "del", W + "moveFrom", FALLBACK, W + "instrText", W + "delText"):
            continue
        if child.tag == W + "r" and _is_on(child.find(f"{W}rPr/{W}vanish")):
            continue
        yield child
        yield from _visible(child)


def _is_on(switch: Any) -> bool:
    return switch is not None and switch.get(W + "val") not in ("0", "false", "off")


def _is_centred(paragraph: Any) -> bool:
    align = paragraph.find(f"{W}pPr/{W}jc")
    return align is not None and align.get(W + "val") == "center"


def _indent(paragraph: Any) -> float:
    """First-line and left indentation in em of 10.5 pt."""
    found = paragraph.find(f"{W}pPr/{W}ind")
    if found is None:
        return 0.0
    chars = [found.get(W + key) for key in ("leftChars", "firstLineChars")]
    if any(chars):
        return sum(int(value) for value in chars if value) / 100
    twips = [found.get(W + key) for key in ("left", "start", "firstLine")]
    return sum(float(value) for value in twips if value and value.lstrip("-").isdigit()) / 210


def _table(element: Any, first_line: int, numbering: _Numbering) -> Sheet:
    """Cells with their spans; a vertically merged cell lives in the row it begins in."""
    open_cells: dict[int, SheetCell] = {}
    cells: list[SheetCell] = []
    rows = [row for row in element.iter(W + "tr") if row.iterancestors(W + "tbl").__next__() is element]
    width = 0
    for r, row in enumerate(rows):
        column = _number(row.find(f"{W}trPr/{W}gridBefore"), 0)
        for tc in (child for child in _flat(row) if child.tag == W + "tc"):
            span = _number(tc.find(f"{W}tcPr/{W}gridSpan"), 1)
            merge = tc.find(f"{W}tcPr/{W}vMerge")
            goes_on = merge is not None and merge.get(W + "val", "continue") == "continue"
            above = open_cells.get(column)
            if goes_on and above is not None:
                i = cells.index(above)
                cells[i] = open_cells[column] = SheetCell(above.r0, r + 1, above.c0, above.c1, above.text, above.indent)
            else:
                text, indent = _cell_text(tc, numbering)
                cell = SheetCell(r, r + 1, column, column + span, text, indent)
                cells.append(cell)
                open_cells[column] = cell
            column += span
        width = max(width, column)
    return Sheet(tuple(cells), tuple(range(first_line, first_line + len(rows))), width)


def _flat(row: Any) -> Iterator[Any]:
    for child in row:
        if child.tag in (W + "sdt", W + "sdtContent", W + "ins"):
            yield from _flat(child)
        else:
            yield child


def _number(element: Any, default: int) -> int:
    value = element.get(W + "val") if element is not None else None
    return int(value) if value and value.isdigit() else default


def _cell_text(tc: Any, numbering: _Numbering) -> tuple[str, float]:
    paragraphs = list(tc.iter(W + "p"))
    texts = [numbering.number(p) + _text(p).replace("\t", " ") for p in paragraphs]
    first = next((p for p, text in zip(paragraphs, texts, strict=True) if text.strip()), None)
    indent = _indent(first) if first is not None and not _is_centred(first) else 0.0
    return "\n".join(texts).strip("\n"), indent


# ---------------------------------------------------------------- automatic numbers


class _Numbering:
    """The numbers that a word processor prints before paragraphs of a list: 一、 （一） 1. ; counted as they are asked for."""

    def __init__(self, file: Any) -> None:
        self._levels: dict[str, dict[int, tuple[str, str, int]]] = {}
        self._counts: dict[tuple[str, int], int] = {}
        self._styles = {s.get(W + "styleId"): s for s in file.styles.element.iter(W + "style")}
        try:
            root = file.part.numbering_part.element
        except (KeyError, NotImplementedError, AttributeError):
            return
        abstract = {a.get(W + "abstractNumId"): _levels(a) for a in root.iter(W + "abstractNum")}
        for num in root.iter(W + "num"):
            link = num.find(W + "abstractNumId")
            if link is not None:
                self._levels[num.get(W + "numId")] = abstract.get(link.get(W + "val"), {})

    def number(self, paragraph: Any) -> str:
        """The number printed before a paragraph; empty where it has none."""
        found = self._list_of(paragraph)
        if found is None:
            return ""
        list_id, level = found
        levels = self._levels.get(list_id, {})
        if level not in levels:
            return ""
        form, pattern, start = levels[level]
        self._counts[list_id, level] = self._counts.get((list_id, level), start - 1) + 1
        for deeper in range(level + 1, 9):
            self._counts.pop((list_id, deeper), None)
        if form in ("bullet", "none"):
            return ""
        for n in range(level + 1):
            shown = self._counts.get((list_id, n), levels.get(n, ("", "", 1))[2])
            pattern = pattern.replace(f"%{n + 1}", _numeral(shown, levels.get(n, (form, "", 1))[0]))
        return pattern

    def _list_of(self, paragraph: Any) -> tuple[str, int] | None:
        properties = paragraph.find(W + "pPr")
        seen = 0
        while properties is not None and seen < 12:
            own = properties.find(W + "numPr")
            if own is not None and own.find(W + "numId") is not None:
                return own.find(W + "numId").get(W + "val"), _number(own.find(W + "ilvl"), 0)
            style = properties.find(W + "pStyle") if seen == 0 else properties.getparent().find(W + "basedOn")
            styled = self._styles.get(style.get(W + "val")) if style is not None else None
            properties = styled.find(W + "pPr") if styled is not None else None
            seen += 1
        return None


def _levels(abstract: Any) -> dict[int, tuple[str, str, int]]:
    """Level → (numeral form, text with %1 for the number, first number)."""
    levels = {}
    for level in abstract.iter(W + "lvl"):
        form, text = level.find(W + "numFmt"), level.find(W + "lvlText")
        if form is not None and text is not None:
            levels[int(level.get(W + "ilvl"))] = (form.get(W + "val"), text.get(W + "val") or "", _number(level.find(W + "start"), 1))
    return levels


def _numeral(number: int, form: str) -> str:
    if form not in CHINESE or not 0 < number < 100:
        return str(number)
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else NUMERALS[tens] + "十") + (NUMERALS[ones] if ones else "")
