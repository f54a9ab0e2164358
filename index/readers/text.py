"""A plain-text extraction of a budget (no page marks, no positions) → Document.

The lines are mended first (``index.order``), then cut at captions and headings into prose and tables. Citations go to
lines: ``line`` counts from 1 in the file, ``page`` is None throughout.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from pathlib import Path

from index.cells import mend_cells
from index.domain import Block, Document, Heading, LabelPath, Line, Table
from index.errors import ParseError
from index.figures import document_to_figures
from index.goals import goal_header, region_to_goals
from index.headings import caption_of, is_toc_line, squash, text_to_level, unit_of, without_leader
from index.identity import identify
from index.names import Names
from index.order import mend_lines
from index.passages import lines_to_blocks
from index.performance import TITLE as PERFORMANCE
from index.performance import is_performance, regions_to_performance
from index.plainrows import STRONG
from index.plaintables import NOTE, Region, regions_to_tables
from index.proofs import prove
from index.readers.laidout import is_laid_out, laid_out_blocks

Progress = Callable[[str, int, int], None] | None

TITLE_LINES = 3  # a caption's title is wrapped over no more lines
_FOOTER = re.compile(r"^[-—–－]\s*\d{1,4}\s*[-—–－]$|^第?\s*\d{1,4}\s*页(?:\s*共\s*\d+\s*页)?$")
_ENTRY = re.compile(r"^(?:\d{1,2}[.．、]|附).{2,42}(?<![。；：])$")
_SENTENCE = re.compile(r"^.{18,}。$|^.{25,}[，；]")
REPORT_EVERY = 20  # lines put in order between two reports
FAR_MORE, MANY_MORE = 1.5, 20  # so many times as many sums, and so many more, prove a reading right
PAGE_LINES = 4  # two page numbers stand at least this many lines apart
_UNIT_ONLY = r"(?:人民币)?[百万千亿]*元?\s*$|(?:人民币)?[百万千亿]*元|(?:金额)?单位[:：]"  # what 单位： says when it names no body
_ORG = re.compile(rf"^(?:编制|填报|预算|公开)?(?:部门|单位)(?:名称)?[:：]\s*(?!{_UNIT_ONLY})(?P<org>.+?)\s*(?:(?:金额)?单位[:：].*)?$")
_META = re.compile(r"^(?:预算|编制|填报)?(?:部门|单位)(?:名称)?[:：]|^\d{4}年度?$")


def read_text(path: Path, doc_id: str, progress: Progress = None) -> Document:
    """The parsed document of a ``.txt`` file. Raises ParseError (one line, Chinese) for an empty or binary file."""
    data = path.read_bytes()
    text = decode(data, path.name).replace("\r\n", "\n").replace("\r", "\n")
    raw = text.replace("\f", "").split("\n")
    mended = mend_cells(raw, lambda cells: mend_lines(cells, _every(REPORT_EVERY, progress)))
    lines = tuple(
        Line(i, new if squash(new) != squash(old) else old, old if squash(new) != squash(old) else None)
        for i, (old, new) in enumerate(zip(raw, mended, strict=True), 1)
    )
    if progress:
        progress("识别表格", 1, 3)
    blocks = lines_to_document_blocks(lines, doc_id)
    if progress:
        progress("完成", 3, 3)
    document = _document(lines, blocks, path, doc_id, data)
    if not is_laid_out(raw):
        return document
    starts = frozenset(i for i, line in enumerate(text.split("\n")) if "\f" in line)
    places = laid_out_blocks(raw, doc_id, starts)
    placed = _document(tuple(Line(i, line) for i, line in enumerate(raw, 1)), places, path, doc_id, data)
    return document if _proves_more(document, placed) else placed


def _proves_more(document: Document, placed: Document) -> bool:
    """Does the reading by the order of the words agree far better with the document's own arithmetic than the one by their
    places? So it does for well-known forms of many narrow columns, whose headers the places do not put together."""
    held, failed = _sums(document)
    own_held, own_failed = _sums(placed)
    return held >= max(FAR_MORE * own_held, own_held + MANY_MORE) and failed <= own_failed


def _sums(document: Document) -> tuple[int, int]:
    """How many of the document's sums come out, and how many do not."""
    proofs = prove(document, document_to_figures(document))
    return sum(proof.held for proof in proofs), sum(not proof.held for proof in proofs)


def _document(lines: tuple[Line, ...], blocks: tuple[Block, ...], path: Path, doc_id: str, data: bytes) -> Document:
    tables = [block for block in blocks if isinstance(block, Table)]
    identity = identify([line.text for line in lines if line.text.strip()], tables, path.name)
    units = Counter(table.unit for table in tables if table.unit)
    return Document(
        doc_id=doc_id,
        title=identity.title,
        department=identity.department,
        year=identity.year,
        kind=identity.kind,
        unit=units.most_common(1)[0][0] if units else None,
        page_count=0,
        blocks=blocks,
        lines=lines,
        file_name=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _every(step: int, progress: Progress) -> Callable[[int, int], None] | None:
    """Tells of every `step`-th line put in order: a long damaged file takes a while, and its reader must not look stuck."""
    return (lambda done, total: progress("还原字序", done, total) if done % step == 0 else None) if progress else None


def decode(data: bytes, name: str) -> str:
    """UTF-8 (with or without a mark), UTF-16 with a mark, else GB 18030."""
    if not data.strip():
        raise ParseError(f"{name}：文件是空的，没有可读的文字；请换一个文件。")
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        control = sum(c < " " and c not in "\t\r\n\f" for c in text)
        if control * 100 <= len(text) and text.strip():
            return text
    raise ParseError(f"{name}：不是文本文件（或已损坏），无法读取；请用原始的 PDF 或 UTF-8 文本。")


# ---------------------------------------------------------------- lines → blocks


@dataclass(frozen=True, slots=True)
class _Caption:
    number: str | None
    title: str
    unit: str | None
    org: str | None
    size: int  # lines that the caption takes


@dataclass(frozen=True, slots=True)
class _Prose:
    lines: tuple[Line, ...]


def lines_to_document_blocks(lines: Sequence[Line], doc_id: str) -> tuple[Block, ...]:
    """Headings, paragraphs and tables in reading order."""
    full = _without_page_numbers(_without_contents(lines))
    names = Names(full)
    parts = _join_pages(_parts(full, names))
    section: list[Heading] = []
    built: list[list[Block]] = []
    paths: list[LabelPath] = []
    for number, part in enumerate(parts):
        blocks: list[Block] = []
        paths.append(tuple(h.text for h in section))
        if isinstance(part, _Prose):
            for block in lines_to_blocks(part.lines):
                if isinstance(block, Heading):
                    section = [h for h in section if h.level < block.level] + [block]
                blocks.append(block)
        elif part[0].kind == "figures":
            blocks.extend(regions_to_tables(part, f"{doc_id}#t{number}", paths[-1], names.reading, names.codes_of))
        built.append(blocks)
    _add_goals(parts, built, paths, doc_id, names, page_starts(full))
    return tuple(block for blocks in built for block in blocks)


def _add_goals(
    parts: Sequence[list[Region] | _Prose],
    built: Sequence[list[Block]],
    paths: Sequence[LabelPath],
    doc_id: str,
    names: Names,
    breaks: frozenset[int],
) -> None:
    """Tables of goals last: the project names that the other tables print tell names from prose in them."""
    known = [row.label[-1] for blocks in built for t in blocks if isinstance(t, Table) and "项目" in t.title for row in t.rows if row.label]
    for kind in ("goals", "performance"):
        for number, part in enumerate(parts):
            if isinstance(part, _Prose) or part[0].kind != kind:
                continue
            table_id = f"{doc_id}#t{number}"
            if kind == "goals":
                table = region_to_goals(part[0], table_id, paths[number], names.reading, known)
            else:
                table = regions_to_performance(part, table_id, paths[number], names.reading, known, breaks)
            known.extend(row.label[-1] for row in table.rows if row.label and kind == "goals")
            built[number].append(table)


def page_starts(lines: Sequence[Line]) -> frozenset[int]:
    """Lines that begin a page, where the extraction leaves a trace of it: a wider gap, or a lone blank before the line."""
    gaps = Counter(b.number - a.number for a, b in pairwise(lines))
    usual = gaps.most_common(1)[0][0] if gaps else 1
    lone = [line.number for line in lines if re.match(r" \S", line.raw or line.text)]
    starts = set(lone) if len(lone) * 20 < len(lines) else set()
    starts.update(b.number for a, b in pairwise(lines) if b.number - a.number >= usual + 2)
    return frozenset(starts)


def _without_contents(lines: Sequence[Line]) -> list[Line]:
    """The lines without a table of contents: what follows 目录 up to the first sentence, or up to where its first entry
    comes again as a heading; leader lines anywhere."""
    kept: list[Line] = []
    first: str | None = None
    inside = False
    for line in lines:
        flat = squash(line.text)
        if flat in ("目录", "目次"):
            inside, first = True, None
        elif inside and flat:
            heading = text_to_level(line.text) is not None or caption_of(line.text) is not None
            entry = heading or is_toc_line(line.text) or bool(_ENTRY.match(flat))
            if flat == first or not (entry or _FOOTER.match(line.text.strip())):
                inside = False
                kept.append(line)
            first = first or (without_leader(flat) if entry else None)
        elif not is_toc_line(line.text):
            kept.append(line)
    return kept


def _without_page_numbers(lines: Sequence[Line]) -> list[Line]:
    """The lines that print, without footers: a lone number is one where such numbers count up through the document."""
    full = [line for line in lines if line.text.strip() and not _FOOTER.match(line.text.strip())]
    lone = [(i, int(line.text)) for i, line in enumerate(full) if re.fullmatch(r"\s*\d{1,3}\s*", line.text)]
    chains: list[list[tuple[int, int]]] = []
    for at, number in lone:
        chain = next((c for c in chains if c[-1][1] + 1 == number and at - c[-1][0] > PAGE_LINES), None)
        if chain is None:
            chains.append([(at, number)])
        else:
            chain.append((at, number))
    pages = {at for chain in chains if len(chain) >= 3 for at, _ in chain}
    return [line for i, line in enumerate(full) if i not in pages]


def _parts(lines: Sequence[Line], names: Names) -> list[Region | _Prose]:
    """Runs of prose lines and pages of tables."""
    parts: list[Region | _Prose] = []
    prose: list[Line] = []
    index = 0
    while index < len(lines):
        caption = _caption(lines, index, names)
        goals = goal_header(lines, index) if caption is None else None
        if goals:
            caption = _Caption(None, "", None, None, 0)
        if caption is None:
            prose.append(lines[index])
            index += 1
            continue
        if prose:
            parts.append(_Prose(tuple(prose)))
            prose = []
        start = index + caption.size
        end = start
        while end < len(lines) and _caption(lines, end, names) is None and text_to_level(lines[end].text) not in (1, 2):
            end += 1
        body_end = next((i for i in range(start, end) if NOTE.match(squash(lines[i].text))), end)
        if body_end == end and not goals and not PERFORMANCE.search(caption.title):
            end = body_end = _prose_at(lines, start, end)
        body = tuple(lines[start:body_end])
        title = caption.title
        if not title and not goals:
            title = next((squash(line.text) for line in body if (caption_of(line.text) or ("", ""))[0] is None), "")
        region = Region(caption.number, title, caption.unit, caption.org, body, tuple(lines[body_end:end]), lines[index].number)
        kind = "goals" if goals else "performance" if is_performance(region) else "figures"
        parts.append(replace(region, kind=kind))
        index = end
    if prose:
        parts.append(_Prose(tuple(prose)))
    return parts


def _prose_at(lines: Sequence[Line], start: int, end: int) -> int:
    """Where prose begins below a table that no remark and no heading ends: the first sentence after its last amount."""
    last = max((i for i in range(start, end) if STRONG.match(((lines[i].raw or lines[i].text).split() or [""])[-1])), default=start)
    return next((i for i in range(last + 1, end) if _SENTENCE.search(squash(lines[i].text))), end)


def _caption(lines: Sequence[Line], index: int, names: Names) -> _Caption | None:
    """The caption that starts at a line: number and title, the body's name and the unit on the lines below."""
    found = caption_of(lines[index].text)
    if found is None:
        return None
    number, title = found
    size, unit, org = 1, None, None
    titles = [title] if title else []
    for line in lines[index + 1 : index + 1 + TITLE_LINES + 2]:
        here = unit_of(line.text)
        below = caption_of(line.text)
        if titles and number is None and unit is None and below and below[0] and not below[1]:  # the number below the title
            number = below[0]
            size += 1
            continue
        if here is None and not _META.match(squash(line.text)):
            if unit is not None or org is not None or len(titles) >= TITLE_LINES or (titles and caption_of(titles[0])):
                break
            more = caption_of(line.text)
            if more and more[0] and number:
                break
            titles.append(squash(line.text))
            size += 1
            continue
        unit = unit or here
        match = _ORG.match(line.text.strip())
        if match:
            org = names.reading(squash(match["org"]), None)
        elif org and here and not _META.match(squash(line.text)):  # the body's name goes on beside the unit
            org += squash(re.sub(r"(?:金额)?单位\s*[:：].*$", "", line.text))
        size += 1
        if unit is not None:
            following = lines[index + size] if index + size < len(lines) else None
            size += bool(following and squash(following.text) == "元" and not squash(line.text).endswith("元"))
            break
    if unit is None and org is None:
        if number is None or (not title and len(titles) != 1 and not any(caption_of(t) for t in titles)):
            return None
        title = title or next((t for t in titles if caption_of(t)), titles[0] if titles else "")
        return _Caption(number, names.reading(title, None), None, None, 1 + (title in titles[:1] and not found[1]))
    return _Caption(number, names.reading("".join(titles), None), unit, org, size)


def _join_pages(parts: Sequence[Region | _Prose]) -> list[list[Region] | _Prose]:
    """Pages of one table together: the same number and the same title follow each other."""

    def key(part: Region | _Prose) -> tuple[object, ...]:
        return (part.kind, part.number, "".join(sorted(part.title))) if isinstance(part, Region) else (id(part),)

    joined: list[list[Region] | _Prose] = []
    for _, group in groupby(parts, key):
        members = list(group)
        joined.append(members[0] if isinstance(members[0], _Prose) else [m for m in members if isinstance(m, Region)])
    return joined
