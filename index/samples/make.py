"""Writes the bundled sample documents: ``python -m index.samples.make [OUT] [--font FILE]``.

Each sample is a pair of files beside this one: ``NAME.md`` (its prose) and ``NAME.toml`` (its tables), set as a
department budget of the usual layout. The font is not part of the project: any TrueType font for simplified Chinese whose
licence allows embedding will do (Debian: fonts-wqy-zenhei). The same data and font give the same bytes.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from index.errors import BudgetError
from index.samples.paint import Canvas, Cell, header_to_cells

HERE = Path(__file__).parent
SAMPLES = ("sample-sz-2024", "sample-lg-2024")
FONT = Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc")
NUMBER = re.compile(r"-?[\d,]+\.\d+")
FORM_WIDTHS = (16.0, 26.0, 26.0, 50.0, 24.0, 24.0, 24.0)  # of the performance form's columns, in parts
Facts = dict[str, Any]


def rows_of(facts: Facts) -> list[list[str]]:
    """A table's rows as printed; cells left out at the end of a row are 0.00."""
    wide = len(facts["columns"])
    rows = [line.split("|") for line in facts["rows"].strip("\n").split("\n")]
    return [row + ["0.00"] * (wide - len(row)) for row in rows]


def table_to_cells(facts: Facts) -> tuple[list[Cell], int]:
    """Header and body of a plain table; indentation of labels is written as full-width blanks."""
    cells, depth = header_to_cells(facts["columns"])
    rows = rows_of(facts)
    for number, row in enumerate(rows):
        for col, text in enumerate(row):
            if facts.get("one_body") and col == 0:
                continue
            label = text.lstrip("　")
            cells.append(Cell(depth + number, col, label, align="R" if NUMBER.fullmatch(text) else "L", indent=len(text) - len(label)))
    if facts.get("one_body"):
        cells.append(Cell(depth, 0, rows[0][0], rows=len(rows), align="L"))
    return cells, depth


def form_to_cells(facts: Facts) -> list[Cell]:
    """The performance form (表12): body, tasks with their amounts, goal, indicators; seven columns, no header of its own."""
    tasks = [line.split("|") for line in facts["tasks"].strip("\n").split("\n")]
    aims = [line.split("|") for line in facts["indicators"].strip("\n").split("\n")]
    lead = Cell(0, 4, "主管部门"), Cell(0, 5, facts["parent"], cols=2)
    cells = [Cell(0, 0, facts["body_label"]), Cell(0, 1, facts["body"], cols=3), *lead]
    cells += [
        Cell(1, 0, "年度主要任务", rows=len(tasks) + 2),
        Cell(1, 1, "任务名称", 2, 2),
        Cell(1, 3, "主要内容", 2),
        Cell(1, 4, "预算金额（万元）", cols=3),
        *(Cell(2, 4 + n, text) for n, text in enumerate(("总额", "其中：财政拨款", "其中：其他资金"))),
    ]
    for row, (name, content, amount) in enumerate(tasks, start=3):
        cells.append(Cell(row, 1, name, cols=2 if content else 3, align="L" if content else "C"))
        if content:
            cells.append(Cell(row, 3, content, align="L"))
        cells += [Cell(row, 4 + n, text, align="R") for n, text in enumerate((amount, amount, "0.00"))]
    goal = 3 + len(tasks)
    cells += [Cell(goal, 0, "年度总体目标"), Cell(goal, 1, facts["goal"], cols=6, align="L")]
    cells.append(Cell(goal + 1, 0, "年度绩效指标", rows=len(aims) + 1))
    cells += [Cell(goal + 1, 1 + n, text) for n, text in enumerate(("一级指标", "二级指标", "三级指标"))]
    cells.append(Cell(goal + 1, 4, "目标值", cols=3))
    for row, aim in enumerate(aims):
        for col in (0, 1):
            if aim[col]:
                reach = next((n for n, later in enumerate(aims[row + 1 :]) if any(later[: col + 1])), len(aims) - row - 1)
                cells.append(Cell(goal + 2 + row, 1 + col, aim[col], rows=reach + 1))
        cells += [Cell(goal + 2 + row, 3, aim[2], align="L"), Cell(goal + 2 + row, 4, aim[3], cols=3)]
    return cells


def widths_of(facts: Facts, width: float) -> list[float]:
    """The named leading columns as given, the others share what is left."""
    given = [float(w) for w in facts["widths"]]
    others = len(facts["columns"]) - len(given)
    return given + [(width - sum(given)) / others] * others if others else [w * width / sum(given) for w in given]


def set_table(canvas: Canvas, facts: Facts) -> None:
    if facts["number"]:
        canvas.new_page(landscape=facts.get("landscape", False))
        canvas.headings.append((3, f"{facts['number']} {facts['title']}", canvas.page))
        canvas.text(canvas.left, canvas.y, facts["number"], 11)
        canvas.centred(canvas.y + 8, facts["title"], 16, bold=True)
        canvas.text(canvas.left, canvas.y + 15, facts["caption"], 9.5)
        unit = "单位：万元"
        canvas.pdf.set_font("cjk", size=9.5)
        canvas.text(canvas.left + canvas.width - canvas.pdf.get_string_width(unit), canvas.y + 15, unit, 9.5)
        canvas.y += 17.0
    else:
        canvas.y += 2.0
    size = facts.get("size", 8.5)
    if "tasks" in facts:
        widths = [w * canvas.width / sum(FORM_WIDTHS) for w in FORM_WIDTHS]
        canvas.table(form_to_cells(facts), widths, size)
    else:
        cells, depth = table_to_cells(facts)
        canvas.table(cells, widths_of(facts, canvas.width), size, repeat=depth)
    if note := facts.get("note"):
        canvas.y += 1.0
        canvas.paragraph(note, 9.5, indent=0)


def set_cover(canvas: Canvas, facts: Facts) -> None:
    canvas.new_page()
    canvas.pdf.rect(canvas.pdf.w / 2 - 22, 42, 44, 13)
    canvas.centred(51, "样　　例", 20)
    for number, line in enumerate(facts["title"]):
        canvas.centred(100 + 14 * number, line, 26, bold=True)
    canvas.centred(215, "本文件是软件自带的样例：表内数字取自公开的部门预算，", 11)
    canvas.centred(222, "文字另行撰写，不是任何机关发布的文件，请勿引用。", 11)


def set_contents(canvas: Canvas, headings: Sequence[tuple[int, str, int]]) -> None:
    """The table of contents; ``headings`` are those of an earlier setting of the same document."""
    canvas.new_page()
    canvas.centred(canvas.y + 8, "目　　录", 18, bold=True)
    canvas.y += 16.0
    for level, text, page in headings:
        size = 10.5
        canvas.pdf.set_font("cjk", size=size)
        start = canvas.left + 5.0 * (level - 1)
        end = canvas.left + canvas.width
        dots = end - start - canvas.pdf.get_string_width(text) - canvas.pdf.get_string_width(str(page)) - 2.0
        leader = "." * int(dots / canvas.pdf.get_string_width("."))
        if canvas.y + 6.6 > canvas.floor:
            canvas.new_page()
        canvas.y += 6.6
        canvas.text(start, canvas.y, text, size)
        canvas.text(end - canvas.pdf.get_string_width(leader + str(page)) - 1.0, canvas.y, f"{leader}{page}", size)


def set_sample(prose: str, facts: Facts, font: Path, contents: Sequence[tuple[int, str, int]]) -> Canvas:
    canvas = Canvas(font, "样例：" + "".join(facts["title"]))
    set_cover(canvas, facts)
    set_contents(canvas, contents)
    canvas.new_page()
    for line in filter(None, prose.splitlines()):
        marks, _, text = line.partition(" ")
        if line == "@table":
            set_table(canvas, facts["tables"][0])
        elif set(marks) == {"#"}:
            canvas.heading(len(marks), text)
        else:
            canvas.paragraph(line)
    for table in facts["tables"][1:]:
        set_table(canvas, table)
    return canvas


def make(name: str, out: Path, font: Path) -> Path:
    """Sets one sample until its table of contents names the pages that its headings really came to stand on."""
    prose = (HERE / f"{name}.md").read_text(encoding="utf-8")
    facts = tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
    contents: list[tuple[int, str, int]] = []
    while (canvas := set_sample(prose, facts, font, contents)).headings != contents:
        contents = canvas.headings
    path = out / f"{name}.pdf"
    canvas.save(path)
    return path


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m index.samples.make", description="制作样例文件 / write the sample PDFs")
    parser.add_argument("out", nargs="?", type=Path, default=HERE, help="输出目录 / output folder")
    parser.add_argument("--font", type=Path, default=FONT, help="可嵌入的中文 TrueType 字体 / embeddable Chinese TrueType font")
    args = parser.parse_args(argv)
    if not args.font.is_file():
        print(f"找不到字体 {args.font}：请用 --font 指定，或安装 Debian 软件包 fonts-wqy-zenhei", file=sys.stderr)
        return 1
    args.out.mkdir(parents=True, exist_ok=True)
    try:
        for name in SAMPLES:
            print(make(name, args.out, args.font))
    except BudgetError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
