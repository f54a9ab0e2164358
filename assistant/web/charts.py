"""Figures that people would rather look at: which of an answer's figures belong in one picture, and that picture as SVG.

Bars lie on their side, as the names of Chinese budget items are long. A chart is drawn only of figures that may be
compared: the same unit, and either one column of a table, or one item of several bodies, or one item in several years.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

YEAR = re.compile(r"20\d\d(?=年|$)")
MOST_BARS = 20
WIDE, NARROW = 640, 330
LABEL, BAR, STEP, TOP, LINE = 190, 18, 30, 14, 16
CHAR = 13.0  # pixels of a full-width character
LINE_CHARS = 14


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: float
    shown: str  # as people read it, with unit
    citation: int | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """``kind``: bars, or share (the first bar is a part of the whole that both make up)."""

    kind: str
    unit: str
    bars: tuple[Bar, ...]


def answer_to_chart(answer: Mapping[str, Any]) -> Chart | None:
    """From the contract's Answer object; None where a picture would say nothing or compare what cannot be compared."""
    if answer["status"] != "answered":
        return None
    return _share(answer) or _bars(answer)


def _share(answer: Mapping[str, Any]) -> Chart | None:
    """One part of one whole."""
    steps = [s for s in answer["calculation"] if s["unit"] == "%" and "÷" in s["formula"] and len(s["inputs"]) == 2]
    if len(steps) != 1 or not 0 < steps[0]["result"] <= 100:
        return None
    by_citation: dict[int, Mapping[str, Any]] = {}
    for figure in answer["figures"]:
        if figure["unit"] != "%":
            by_citation.setdefault(figure["citation"], figure)
    part, whole = (by_citation.get(n) for n in steps[0]["inputs"])
    if not part or not whole or part["unit"] != whole["unit"] or not 0 < part["value"] <= whole["value"]:
        return None
    rest = whole["value"] - part["value"]
    share = steps[0]["result"]
    unit = part["unit"]
    return Chart(
        "share",
        unit,
        (
            Bar(_short(part["label"]), part["value"], f"{amount(part['value'], unit)} · {share:g}%", part["citation"]),
            Bar("", rest, f"{amount(rest, unit)} · {100 - share:.2f}%"),
        ),
    )


def _bars(answer: Mapping[str, Any]) -> Chart | None:
    places = {c["n"]: c for c in answer["citations"]}
    computed = {(step["result"], step["unit"]) for step in answer["calculation"]}
    figures = [f for f in answer["figures"] if f["unit"] != "%" and (f["value"], f["unit"]) not in computed and f["citation"] in places]
    if len(figures) < 2 or len({f["unit"] for f in figures}) != 1 or len(figures) > MOST_BARS:
        return None
    cited = [places[f["citation"]] for f in figures]
    labels = _labels(cited)
    if labels is None or any(f["value"] < 0 for f in figures) or not any(f["value"] for f in figures):
        return None
    unit = figures[0]["unit"]
    return Chart(
        "bars", unit, tuple(Bar(n, f["value"], amount(f["value"], unit), f["citation"]) for n, f in zip(labels, figures, strict=True))
    )


def _labels(cited: Sequence[Mapping[str, Any]]) -> list[str] | None:
    """What tells the figures apart, where that is one thing alone: the row, the year, or the document."""
    rows = [c["row"][-1] if c["row"] else "" for c in cited]
    columns = {(c["table"], tuple(c["column"])) for c in cited}
    documents = [c["title"] for c in cited]
    years = [_year(c) for c in cited]
    if len(set(documents)) == 1 and len(columns) == 1 and len(set(rows)) == len(rows):
        return rows
    if len(set(rows)) == 1 and all(years) and len(set(years)) == len(years) and _same_but_year(cited):
        return [f"{year}年" for year in years]
    if len(set(rows)) == 1 and len(set(documents)) == len(documents):
        return documents
    return None


def _year(citation: Mapping[str, Any]) -> str:
    for text in [*reversed(citation["column"]), citation["title"]]:
        if found := YEAR.search(text):
            return found[0]
    return ""


def _same_but_year(cited: Sequence[Mapping[str, Any]]) -> bool:
    """One measure in several years, not an amount beside its change."""
    return len({YEAR.sub("", "›".join(c["column"])) for c in cited}) == 1


def _short(label: str) -> str:
    return label.split(" · ")[0]


def amount(value: float, unit: str) -> str:
    """1234.5 万元 → 1,234.50万元; counts stay whole."""
    return f"{value:,.0f}{unit}" if value == int(value) and "元" not in unit else f"{value:,.2f}{unit}"


# ---------------------------------------------------------------- the picture


def chart_to_svg(chart: Chart, rest: str = "其余") -> str:
    """Two SVGs of which the page shows one: ``wide`` beside a talk and for files, ``narrow`` with each label above its bar for a phone.

    Each bar with a source carries ``data-cite``. Colours are the page's variables, with fallbacks for files.
    """
    draw = _share_svg if chart.kind == "share" else _bars_svg
    return draw(chart, WIDE, rest) + draw(chart, NARROW, rest)


def _bars_svg(chart: Chart, width: int, rest: str) -> str:
    most = max(bar.value for bar in chart.bars) or 1.0
    after = max(_width(bar.shown) for bar in chart.bars) + 12
    above = width == NARROW
    left = 0 if above else LABEL
    room = width - left - after
    parts, y = [], float(TOP)
    for bar in chart.bars:
        lines = _wrap(bar.label, int(width / CHAR) if above else LINE_CHARS)
        if above:
            parts += [_text(0, y + LINE * n, line, "start") for n, line in enumerate(lines)]
            y += LINE * len(lines) - 4
            height = STEP
            middle = y + BAR / 2
        else:
            height = max(STEP, LINE * len(lines) + 8)
            middle = y + height / 2
            parts += [_text(LABEL - 10, middle + LINE * (n - (len(lines) - 1) / 2), line, "end") for n, line in enumerate(lines)]
        length = max(2.0, room * bar.value / most)
        cite = f' data-cite="{bar.citation}"' if bar.citation else ""
        parts.append(
            f'<rect class="bar"{cite} x="{left}" y="{middle - BAR / 2:.1f}" width="{length:.1f}" height="{BAR}" rx="2" fill="#2f6690">'
            f"<title>{escape(bar.label)}：{escape(bar.shown)}</title></rect>"
        )
        parts.append(_text(left + length + 8, middle, bar.shown, "start", "number"))
        y += height + (6 if above else 0)
    if not above:
        parts.append(f'<line class="axis" x1="{LABEL}" y1="{TOP - 4}" x2="{LABEL}" y2="{y + 4}" stroke="#8a8f98"/>')
    return _svg(width, y + 12, "".join(parts), "；".join(f"{b.label} {b.shown}" for b in chart.bars))


def _share_svg(chart: Chart, width: int, rest: str) -> str:
    part, other = chart.bars
    length = max(3.0, width * part.value / (part.value + other.value))
    body = (
        f'<rect class="bar-rest" x="0" y="{TOP}" width="{width}" height="34" rx="3" fill="#cfd8e0"/>'
        f'<rect class="bar" data-cite="{part.citation}" x="0" y="{TOP}" width="{length:.1f}" height="34" rx="3" fill="#2f6690"/>'
    )
    y = TOP + 56.0
    for text, kind in ((f"{part.label} {part.shown}", "number"), (f"{rest} {other.shown}", "label")):
        for line in _wrap(text, int(width / CHAR)):
            body += _text(0, y, line, "start", kind)
            y += 20
    return _svg(width, y, body, f"{part.label} {part.shown}；{rest} {other.shown}")


def _svg(width: int, height: float, body: str, label: str) -> str:
    font = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
    return (
        f'<svg class="chart {"narrow" if width == NARROW else "wide"}" role="img" aria-label="{escape(label)}" '
        f'viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}" '
        f'xmlns="http://www.w3.org/2000/svg" font-family="{font}" font-size="13">{body}</svg>'
    )


def _text(x: float, y: float, text: str, anchor: str, kind: str = "label") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" dominant-baseline="central"'
    return f'<text class="{kind}" {place} fill="#20262d">{escape(text)}</text>'


def _width(text: str) -> float:
    return sum(CHAR if unicodedata.east_asian_width(c) in "WF" else CHAR * 0.58 for c in text)


def _wrap(label: str, most: int) -> list[str]:
    """At most three lines of a label."""
    lines = [label[n : n + most] for n in range(0, len(label), most)]
    return lines if len(lines) <= 3 else [*lines[:2], lines[2][:-1] + "…"]
