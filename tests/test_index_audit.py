"""Findings: every contradiction that readers asked about, with both places; no alarm on declared rounding."""

from __future__ import annotations

import json
import os
import re
from decimal import Decimal
from pathlib import Path

import pytest

from index.audit import Parsed, audit, audit_documents, finding_to_json
from index.domain import Block, Cell, Document, Heading, Kind, Para, Row, Table
from index.figures import document_to_figures
from index.findings import Finding
from index.proofs import prove

SHARED = Path(os.environ.get("BUDGET_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def parsed(*blocks: Block, doc: str = "d", kind: Kind = Kind.DEPARTMENT_BUDGET) -> Parsed:
    document = Document(doc, "t", "某市某局", 2024, kind, "万元", 1, blocks)
    figures = document_to_figures(document)
    return document, figures, prove(document, figures)


def findings(*blocks: Block) -> list[Finding]:
    return audit(*parsed(*blocks))


def fund_table(amount: str, note: str | None = None) -> Table:
    rows = (Row(("某市某局",), (Cell(amount, page=3),)),)
    return Table("t", "表10", "政府性基金预算支出表", (("支出总计",),), rows, unit="万元", pages=(3,), note=note)


def test_denied_fund_that_a_table_prints() -> None:
    (found,) = findings(Para("本单位无政府性基金预算支出、国有资本经营预算支出。", page=2), fund_table("8,780.00"))
    assert found.kind == "text_table" and "8,780.00" in found.message and "无政府性基金" in found.message
    assert [p.source.page for p in found.places] == [3, 2]


def test_denied_fund_that_is_zero_is_no_finding() -> None:
    assert findings(Para("本单位无政府性基金预算支出。"), fund_table("0.00", "注：本表本年无发生额。")) == []


def test_vehicles_counted_differently_in_two_sections() -> None:
    first = (Heading(3, "二、机构设置"), Para("实有车辆4辆，包括定编车辆4辆。"))
    second = (Heading(3, "二、国有资产占有使用情况"), Para("截至2023年12月31日，本部门共有车辆5辆，其中：机要通信用车5辆。"))
    (found,) = findings(*first, *second)
    assert found.kind == "count" and "4辆" in found.message and "5辆" in found.message
    assert findings(*first, second[0], Para("2024年安排购置车辆1辆。本部门共有车辆4辆。")) == []


def test_note_calls_a_filled_table_empty() -> None:
    (found,) = findings(fund_table("5.00", "注：故本表为空表。"))
    assert found.kind == "text_table" and len(found.places) == 2


@pytest.mark.parametrize(
    ("text", "alarms"),
    [
        ("内设办公室、政策处（产业处）、人事和财务科，共3个科室。", 0),
        ("内设办公室、政策处、人事科，共4个科室。", 1),
        ("设3个内设机构，包括：办公室、政策处、人事科。", 0),
        ("设5个内设机构，包括：办公室、政策处、人事科。", 1),
        ("内设办公室、政策处等12个处室。", 0),
    ],
)
def test_number_of_offices_against_their_list(text: str, alarms: int) -> None:
    assert [f.kind for f in findings(Para(text))] == ["count"] * alarms


def test_units_counted_differently_in_two_sections() -> None:
    (found,) = findings(
        Heading(3, "二、机构设置"),
        Para("本部门包括：某局（本级）、某中心、某支会3家基层单位。其中某中心、某支会2家基层单位为非独立核算单位。"),
        Heading(3, "一、绩效管理的单位范围"),
        Para("单位范围包括：某局（本级）共1家基层单位。"),
    )
    assert (found.kind, found.difference, found.unit) == ("count", 2, "家")


def test_year_compared_with_itself() -> None:
    (found,) = [f for f in findings(Para("财政拨款收入96.00万元，比2024年预算增加7.00万元。")) if f.kind == "name"]
    assert "2024年" in found.message


def test_goal_with_two_values() -> None:
    columns = (("目标值",),)
    one = Table("a", "表12", "绩效目标表", columns, (Row(("资助企业技术改造项目数量",), (Cell("≥500家"),)),))
    goal = Row(("某专项",), (Cell("拟实现资助企业技术改造项目数量≥200个，资助项目数量≥250个。"),))
    other = Table("b", None, "重点项目", (("绩效目标",),), (goal,))
    (found,) = findings(one, other)
    assert found.kind == "count" and "≥200个" in found.message and "≥500家" in found.message


def test_narrative_and_tables_in_two_files_are_compared() -> None:
    rows = (Row(("行政运行",), (Cell("45.00"),), code="2010101"),)
    tables = parsed(Table("t", None, "支出预算表", (("金额",),), rows, unit="万元"), doc="tables")
    text = parsed(Para("1、公共服务（201类）人大事务（01款）行政运行（01项）105.00万元。"), doc="text")
    (found,) = audit_documents([text, tables])
    assert {p.doc for p in found.places} == {"text", "tables"}


def test_json_has_the_contracts_fields() -> None:
    (found,) = findings(Para("本单位无政府性基金预算支出。", page=2), fund_table("8,780.00"))
    out = finding_to_json(found)
    assert set(out) == {"doc", "kind", "message", "difference", "unit", "rounding", "places"}
    assert out["difference"] == 8780.0 and out["places"][0]["table"] == "表10 政府性基金预算支出表"
    json.dumps(out)


# ---------------------------------------------------------------- real documents


def questions() -> list[dict[str, object]]:
    found = []
    for name in ("seeds-dev", "real-dev"):
        path = SHARED / "questions" / f"{name}.jsonl"
        if path.is_file():
            found += [q for q in map(json.loads, path.read_text("utf-8").splitlines()) if q["type"] == "audit"]
    return found


@pytest.fixture(scope="module")
def corpus() -> dict[str, Parsed]:
    from index.readers.pdf import read_pdf

    asked = {str(doc) for q in questions() for doc in q["docs"]}  # type: ignore[attr-defined]
    if not asked:
        pytest.skip("没有共享语料（BUDGET_SHARED）")
    out = {}
    for doc in sorted(asked):
        path = next(p for folder in ("real", "retypeset") if (p := SHARED / "corpus" / folder / f"{doc}.pdf").is_file())
        document = read_pdf(path, doc)
        figures = document_to_figures(document)
        out[doc] = (document, figures, prove(document, figures))
    return out


def test_every_contradiction_that_was_asked_about_is_found(corpus: dict[str, Parsed]) -> None:
    missing = []
    pairs = audit_documents(list(corpus.values()))
    for question in questions():
        docs = set(question["docs"])  # type: ignore[call-overload]
        values = [Decimal(str(f["value"])) for f in question["figures"]]  # type: ignore[attr-defined]
        found = [f for doc in docs for f in audit(*corpus[doc])] + [f for f in pairs if f.doc in docs]
        if not any(all(value in _numbers(f) for value in values) for f in found if not f.rounding):
            missing.append(question["id"])
    assert missing == []


def _numbers(finding: Finding) -> set[Decimal]:
    text = " ".join((finding.message, *(p.quote for p in finding.places)))
    return {Decimal(n.replace(",", "")) for n in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}


def test_declared_rounding_is_grouped_apart_and_raises_no_alarm(corpus: dict[str, Parsed]) -> None:
    for doc, off in (("sz-2024", ("589,297.03",)), ("lg-2024", ("108.99",))):
        found = audit(*corpus[doc])
        assert [f.message for f in found if f.kind == "sum" and not f.rounding] == []
        rounding = " ".join(f.message for f in found if f.rounding)
        assert all(amount in rounding for amount in off) and all(f.rounding for f in found[-3:])


def test_no_alarm_but_those_read_and_found_right(corpus: dict[str, Parsed]) -> None:
    """Alarms a document: every one was checked on the page; another one is a false alarm until it is checked, too."""
    checked = {
        "js-congress-2017": 1,
        "lg-2024": 3,
        "pt-finance-2024-final": 2,
        "pt-justice-2026-dept": 6,
        "pt-justice-2026-unit": 11,
        "sz-2024": 2,
    }
    assert {doc: sum(not f.rounding for f in audit(*parts)) for doc, parts in corpus.items()} == checked


def test_forty_pages_are_proven_in_the_order_of_the_time_that_their_figures_take(corpus: dict[str, Parsed]) -> None:
    import time

    document = corpus["sz-2024"][0]
    start = time.process_time()
    figures = document_to_figures(document)
    floor = time.process_time() - start
    audit(document, figures, prove(document, figures))
    assert time.process_time() - start < 20 * floor  # both in one run: a busy machine slows the floor, too


def test_a_heap_of_five_thousand_numbers_takes_no_minute() -> None:
    import time

    start = time.process_time()
    heap = " ".join(f"{i}.00" for i in range(5000))
    claims = "，".join(f"项目{i}支出{i}.00万元" for i in range(2000)) + "。"
    rows = tuple(Row((f"项{i}",), (Cell(f"{i}.00"), Cell(f"{i}.00")), code=f"2{i:06}") for i in range(2500))
    findings(Para(heap), Para(claims), Table("t", "表1", "支出总表", (("合计",), ("基本支出",)), rows, unit="万元"))
    assert time.process_time() - start < 10
