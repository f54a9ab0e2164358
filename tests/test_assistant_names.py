"""Short names of bodies and of the units inside a department; tables named by title or number."""

from __future__ import annotations

import pytest

from assistant.bodies import Directory, is_unit
from assistant.flat import flat
from assistant.lexicon import load_lexicon
from assistant.shorts import ShortNames, abbreviates, core_to_shapes, shuffled
from assistant.titles import number_key, title_key
from assistant.understand import text_to_question

NAMES = (
    "江海市北山区自然资源和规划局",
    "江海市北山区城市管理委员会",
    "江海市北山区文化广电旅游体育局",
    "江海市水利和湖泊局",
    "江海市南湖区交通运输委员会",
    "国家海岛管理局",
)


@pytest.fixture(scope="module")
def directory() -> Directory:
    return Directory.of(NAMES, load_lexicon())


@pytest.mark.parametrize(
    ("question", "body"),
    [
        ("北山自规局2024年预算多少", "江海市北山区自然资源和规划局"),
        ("北山区自然资源局三公经费", "江海市北山区自然资源和规划局"),
        ("北山城管委的公务接待费", "江海市北山区城市管理委员会"),
        ("北山文体局预算", "江海市北山区文化广电旅游体育局"),
        ("北山文体旅局预算", "江海市北山区文化广电旅游体育局"),  # the words in another order
        ("江海市水利局车辆几台", "江海市水利和湖泊局"),
        ("南湖交委公路养护花了多少", "江海市南湖区交通运输委员会"),
        ("请问海岛局总预算多少", "国家海岛管理局"),
    ],
)
def test_short_name_is_made_of_the_beginnings_of_the_names_words(directory: Directory, question: str, body: str) -> None:
    named = directory.find(flat(question))
    assert [m.bodies for m in named.mentions] == [frozenset({body})]
    assert not named.unknown


@pytest.mark.parametrize("question", ["北山区教育局预算多少", "北山科创局预算多少", "江海市民政局预算"])
def test_another_body_of_the_place_is_never_taken_for_an_indexed_one(directory: Directory, question: str) -> None:
    named = directory.find(flat(question))
    assert named.unknown or not named.mentions


def test_the_same_body_named_twice_is_no_comparison(directory: Directory) -> None:
    q = text_to_question("北山自规局2024年预算里，自然资源局公务接待费是多少", directory, load_lexicon())
    assert str(q.intent) == "lookup"


def test_words_are_left_out_but_not_invented() -> None:
    assert abbreviates("自规", ("自然", "资源", "和", "规划"))
    assert not abbreviates("规自", ("自然", "资源", "和", "规划"))
    assert not abbreviates("自建", ("自然", "资源", "和", "规划"))
    assert shuffled("文体旅", ("文化", "广电", "旅游", "体育"))
    assert not shuffled("体文旅", ("文化", "广电", "旅游", "体育"))  # the first word stays first
    assert {shape.words for shape in core_to_shapes("应急管理局")} == {("应急",), ("应急", "管理")}


def test_nothing_is_short_for_a_name_without_a_head() -> None:
    assert ShortNames.of([("甲", "东北电气")]).at("东北电气预算", 0) is None


@pytest.mark.parametrize(
    ("label", "unit"),
    [
        ("江海市疾病预防控制中心", True),
        ("江海市卫生健康局（本级）", True),
        ("江海市水利和湖泊局本级", True),
        ("江海市疾病预防控制中心（江海市卫生监督所）", True),
        ("优化智能网联汽车产业布局", False),
        ("疾控中心建设项目", False),
        ("社会保障和就业支出", False),
    ],
)
def test_rows_of_units_are_told_from_items(label: str, unit: bool) -> None:
    assert is_unit(label) is unit


@pytest.mark.parametrize(("text", "number"), [("表5", 5), ("公开05表", 5), ("表十二", 12), ("附表7", 7), ("表格", None)])
def test_table_numbers_are_read_in_every_form(text: str, number: int | None) -> None:
    assert number_key(text) == number


def test_formal_words_of_a_title_may_be_left_out() -> None:
    assert title_key("2024年部门一般公共预算基本支出预算表") == title_key("一般公共预算基本支出表")
    assert title_key("收支总表") != title_key("财政拨款收支总表")
