"""Reports: readable in a real browser from 360 pixels, nothing fetched, gold and cited place shown, and texts never taken for code."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from assistant.domain import Answer, AnswerFigure, Citation, Status
from assistant.pipeline import Assistant
from eval import pictures
from eval.__main__ import main
from eval.cases import Case, Gold, Place
from eval.golds import place_to_standing
from eval.markdown import run_to_markdown
from eval.page import run_to_page, times_to_bars
from eval.pictures import Studio, failures_to_pairs
from eval.report import TOLD_IN_FULL, told_in_full
from eval.run import measure, seconds_to_line
from eval.runs import Detail, Run, read_run
from eval.score import judge
from index.drawing import MARKER, OUTLINE
from index.stores.index import Index

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-dev-shm-usage"]
CELL: dict[str, Any] = {"doc": "sample-lg-2024", "page": 16, "table": "表5", "row": "对口帮扶", "column": "2024年预算 > 总计"}
FIVE_MB = 5_000_000
EVIL = '<script>alert(1)</script><img src="http://example.invalid/x.png"> ![x](http://example.invalid/y.png) [z](http://example.invalid/z)'


@pytest.fixture(scope="module")
def finished(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with one right, one wrong and one missed answer, and a draft of a program."""
    folder = tmp_path_factory.mktemp("report")
    wrong = {"question": "龙岗区对口帮扶预算多少", "figures": [{"value": 1.5, "unit": "万元"}], "sources": [CELL]}
    items: list[dict[str, Any]] = [
        {"id": "right", **wrong, "figures": [{"value": 9233.81, "unit": "万元"}], "tags": ["项目"]},
        {"id": "wrong", **wrong, "note": "故意写错的标准答案"},
        {"id": "missed", "question": "龙岗区2030年对口帮扶预算多少", "figures": [{"value": 1, "unit": "万元"}]},
        {"id": "gen", "generated": True, **wrong},
        {"id": "open", "question": "龙岗区的预算怎么样"},
    ]
    (folder / "set.jsonl").write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), "utf-8")
    assert main(["run", str(folder / "set.jsonl"), "--store", str(sample_store), "--out", str(folder / "run"), "--retrieval"]) == 0
    return folder / "run"


def failing_run(count: int, text: str = "9,233.81万元") -> Run:
    """Wrong answers that cite a cell of the sample."""
    gold, source = (Gold(Decimal(1), "万元"),), (Place(**CELL),)
    cases = tuple(Case(f"q{n}", f"对口帮扶多少？{text}", figures=gold, sources=source, answer=text) for n in range(count))
    place = {"table": "表5 项目支出总表", "row": ("对口帮扶",), "column": ("总计",), "bbox": (100, 100, 140, 110)}
    cited = Citation(1, "sample-lg-2024", "题", text, page=16, **place)
    answer = Answer("问", Status.ANSWERED, text, (AnswerFigure(Decimal(2), "万元", "", 1),), (cited,))
    answers = {case.id: replace(answer, id=case.id, elapsed_ms=1.0) for case in cases}
    details = {case.id: Detail((text,), {"total": 1.0}) for case in cases}
    about = {
        **{"started": "2026-01-01T00:00:00", "questions": count, "documents": [], "sets": [], "store": "", "index_id": "x"},
        **{"assistant_sha256": "", "prompts": {}, "settings": {}, "versions": {}, "machine": {"cores": 1, "system": ""}},
        **{"retrieval": True, "jobs": 1, "seconds": {"answers": 1, "asking": 1, "judging": 1, "evidence": 1}},
    }
    return Run(cases, answers, details, tuple(judge(case, answers[case.id]) for case in cases), about)


# ---------------------------------------------------------------- the page


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason='needs a browser driver: pip install -e ".[test]"')
    if not Path(CHROMIUM).exists():
        pytest.skip("needs a browser: apt-get install -y chromium fonts-noto-cjk")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "light"), (360, "dark")])
def test_page_shows_in_a_browser_without_asking_anybody(browser: Any, finished: Path, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.goto((finished / "report.html").as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == [] and errors == []
    assert page.evaluate("document.documentElement.scrollWidth") == width, "the page itself must not scroll sideways"
    small = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.childElementCount == 0 && e.textContent.trim() && e.offsetParent"
        " && parseFloat(getComputedStyle(e).fontSize) < 10.5).map(e => e.textContent)"
    )
    assert small == [], "too small to read"
    shown = page.locator("article.wrong").first.locator("img")
    assert shown.count() == 2 and all(shown.nth(n).evaluate("e => e.naturalWidth") > 500 for n in range(2))
    assert page.get_by_text("人工编写的题：3 道").is_visible() and page.get_by_text("程序起草的题：1 道").is_visible()
    page.locator("article details summary").first.click()
    assert page.get_by_text("intent=lookup").first.is_visible() and page.get_by_text("仅检索所得").first.is_visible()
    page.close()


def test_hand_written_and_generated_questions_stand_in_sections_of_their_own(finished: Path) -> None:
    html = (finished / "report.html").read_text("utf-8")
    hand, generated = html.split("程序起草的题：1 道")
    assert "<small>正确</small><b>33.3%</b>" in hand and "<small>正确</small><b>0.0%</b>" in generated
    assert 'id="gen"' in generated and 'id="gen"' not in hand
    assert "不判分" in html and "open" in html


def test_report_of_many_failures_stays_small_and_has_pictures_of_the_first_ones(sample_store: Path) -> None:
    run = failing_run(300, "一段很长的回答。" * 200)
    with Index.open(sample_store) as index, Studio(index) as studio:
        pairs = failures_to_pairs(studio, told_in_full(run))
    assert list(pairs) == [f"q{n}" for n in range(TOLD_IN_FULL)] and all(pair.gold and pair.gold.uri for pair in pairs.values())
    html = run_to_page(run, pairs)
    assert html.count("<article") == 300 and html.count("<img") == 2 * TOLD_IN_FULL and len(html.encode()) < FIVE_MB


def test_texts_are_never_taken_for_code_nor_fetch_anything() -> None:
    html = run_to_page(failing_run(1, EVIL))
    assert "<script" not in html and not re.search(r"<(?:img|a|link|iframe)\b", html) and "&lt;script&gt;" in html
    assert "<script" not in run_to_markdown(failing_run(1, EVIL))


def test_report_is_made_again_from_the_folder_alone(finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(finished, tmp_path / "run")
    (tmp_path / "run" / "report.html").unlink()
    assert main(["report", str(tmp_path / "run")]) == 0
    assert (tmp_path / "run" / "report.html").read_text("utf-8") == (finished / "report.html").read_text("utf-8")
    assert main(["report", str(tmp_path / "run"), "--store", str(tmp_path / "none")]) == 0
    assert "报告里没有原件截图" in capsys.readouterr().out and "<img" not in (tmp_path / "run" / "report.html").read_text("utf-8")


# ---------------------------------------------------------------- where the gold stands


@pytest.mark.parametrize(
    ("place", "figure", "phrase", "page"),
    [
        (CELL, "9233.81", "", 16),
        ({"doc": "sample-lg-2024", "section": "第三部分", "row": "13.对口帮扶"}, "9233.81", "", 5),
        ({"doc": "sample-lg-2024", "page": 5, "section": "第三部分"}, "", "驻镇帮镇扶村", 5),
    ],
)
def test_gold_is_found_on_its_page(sample_store: Path, place: dict[str, Any], figure: str, phrase: str, page: int) -> None:
    import pypdfium2

    case = Case("q", "问", figures=(Gold(Decimal(figure), "万元"),) if figure else (), must_include=(phrase,) if phrase else ())
    with Index.open(sample_store) as index:
        found = place_to_standing(index.document("sample-lg-2024"), Place(**place), case)
        source = index.source("sample-lg-2024")
    assert found and found.page == page and found.bbox
    with pypdfium2.PdfDocument(source) as pdf:
        sheet = pdf[page - 1]
        x0, top, x1, bottom = found.bbox
        height = sheet.get_height()
        text = sheet.get_textpage().get_text_bounded(x0 - 1, height - bottom - 1, x1 + 1, height - top + 1)
    assert (figure and "9,233.81" in text) or (phrase and phrase in text)


def test_gold_that_is_nowhere_has_no_box(sample_store: Path) -> None:
    with Index.open(sample_store) as index:
        document = index.document("sample-lg-2024")
    assert place_to_standing(document, Place("sample-lg-2024", table="表99", row="没有的行", column="总计"), Case("q", "问")) is None


def test_failures_in_files_without_pages_are_drawn_from_lines_and_rows(tmp_path: Path) -> None:
    from openpyxl import Workbook

    from index.build import ingest

    (tmp_path / "文本.txt").write_text("第二部分 收支情况\n一、收支总体情况\n2024年某市审计局部门预算收入12.00万元。\n", "utf-8")
    book = Workbook()
    for row in (["某市档案局2024年部门预算", None], ["支出预算表", None], ["项目", "预算数"], ["对口帮扶", 12.5], ["合计", 12.5]):
        book.active.append(row)
    book.save(tmp_path / "表格.xlsx")
    assert {report.status for report in ingest([tmp_path / "文本.txt", tmp_path / "表格.xlsx"], tmp_path / "store")} == {"added"}
    text = Case("q1", "问", figures=(Gold(Decimal(12), "万元"),), sources=(Place("文本", section="收支总体情况"),))
    cell = Place("表格", table="支出预算表", row="对口帮扶", column="预算数")
    sheet = Case("q2", "问", figures=(Gold(Decimal("12.5"), ""),), sources=(cell,))
    lost = Answer("问", Status.ANSWERED, "", (), (Citation(1, "文本", "", "没有的一行", line=-5),))
    with Index.open(tmp_path / "store") as index, Studio(index) as studio:
        first, second = (studio.pair(case, None).gold for case in (text, sheet))
        cited = studio.pair(replace(text, id="q3"), lost).cited
    for cutting, colour in ((first, MARKER), (second, OUTLINE)):
        assert cutting and cutting.uri and near(picture(cutting.uri), colour), cutting
    assert cited and not cited.uri and "没有第-5行" in cited.note and "没有的一行" in cited.note


def picture(uri: str) -> Any:
    from PIL import Image

    return Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1]))).convert("RGB")


def near(image: Any, colour: tuple[int, int, int]) -> bool:
    """True where the picture has the colour, as far as few colours keep it."""
    return any(max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) < 24 for _, pixel in image.getcolors(1 << 24))


def test_places_of_failures_are_drawn_while_questions_are_still_asked(
    sample_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure shows both places of one cell, which is drawn once; the next question does not wait for it."""
    asked = {"question": "龙岗区对口帮扶预算多少", "figures": [{"value": 1.5, "unit": "万元"}], "sources": [CELL]}
    lines = [json.dumps({"id": f"q{n}", **asked}, ensure_ascii=False) for n in range(2)]
    (tmp_path / "set.jsonl").write_text("\n".join(lines), "utf-8")
    second_asked, drawn = Event(), []
    ask, crop = Assistant.ask, pictures.crop_picture

    def asking(self: Assistant, question: str, history: Any = (), id: str | None = None) -> Answer:
        if id == "q1":
            second_asked.set()
        return ask(self, question, history, id)

    def cropping(*place: Any) -> bytes:
        assert second_asked.wait(60), "asking waited for the picture"
        drawn.append(place[1:4])
        return crop(*place)

    monkeypatch.setattr(Assistant, "ask", asking)
    monkeypatch.setattr(pictures, "crop_picture", cropping)
    measured = measure([tmp_path / "set.jsonl"], sample_store, pictures=True)
    assert [pair.gold.uri == pair.cited.uri != "" for pair in measured.pairs.values() if pair.gold and pair.cited] == [True, True]
    assert len(drawn) == 1


def test_everything_beside_the_answers_is_told_in_parts() -> None:
    spent = {"answers": 10.0, "asking": 10.2, "judging": 0.1, "evidence": 0.5, "pictures": 0.2}
    assert seconds_to_line(spent, 0.5, 11.2) == (
        "用时：打开索引和题集 0.5 秒，此后 11.2 秒，其中回答 10.0 秒；另加 1.20 秒（回答本身的 12%）："
        "提问和判分 0.30、检索 0.50、截图 0.20、报告 0.20"
    )


# ---------------------------------------------------------------- Markdown and times


def test_markdown_tells_shares_and_failures_and_cells_stay_in_their_columns(finished: Path) -> None:
    text = (finished / "report.md").read_text("utf-8")
    assert "**正确** 33.3%" in text and "| wrong | 错误 | 龙岗区对口帮扶预算多少 |" in text and "MRR" in text
    run = read_run(finished)
    piped = replace(run, answers={**run.answers, "wrong": replace(run.answers["wrong"], answer="a|b\n<b>c")})
    assert "a\\|b &lt;b>c |" in run_to_markdown(piped)


def test_histogram_counts_every_answer_once() -> None:
    assert sum(bar.count for bar in times_to_bars([0.0, 0.5, 3, 3, 3, 5000])) == 6
    assert sum(bar.count for bar in times_to_bars([2.0])) == 1 and times_to_bars([]) == []
