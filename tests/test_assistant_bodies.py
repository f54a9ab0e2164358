"""Bodies named in questions: short names, misspellings, and bodies that are not indexed."""

from __future__ import annotations

import pytest

from assistant.bodies import Directory, name_to_body
from assistant.flat import flat
from assistant.lexicon import load_lexicon

NAMES = (
    "深圳市工业和信息化局（本级）",
    "深圳市龙岗区工业和信息化局",
    "上海市普陀区司法局",
    "上海市财政局",
    "上海市普陀区财政局",
    "江苏省高级人民法院",
    "江苏省人大常委会办公厅",
    "上海市普陀区人民政府万里街道办事处",
    "东北电气发展股份有限公司",
)
CITY, DISTRICT = "深圳市工业和信息化局", "深圳市龙岗区工业和信息化局"


@pytest.fixture(scope="module")
def directory() -> Directory:
    return Directory.of(NAMES, load_lexicon())


def bodies(directory: Directory, text: str) -> set[str]:
    return {b for m in directory.find(flat(text)).mentions for b in m.bodies}


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("市工信局三公经费", CITY),
        ("深圳市工信局的预算", CITY),
        ("龙岗工信对口帮扶", DISTRICT),
        ("龙岗区对口帮扶预算多少", DISTRICT),
        ("省法院2019年收入", "江苏省高级人民法院"),
        ("江苏高院", "江苏省高级人民法院"),
        ("省人大办公厅差旅费", "江苏省人大常委会办公厅"),
        ("普陀司法局", "上海市普陀区司法局"),
        ("万里街办2025年", "上海市普陀区人民政府万里街道办事处"),
        ("上海财政局", "上海市财政局"),
        ("普陀财政局", "上海市普陀区财政局"),
        ("东北电气2018年一季度", "东北电气发展股份有限公司"),
    ],
)
def test_short_name_means_one_body(directory: Directory, text: str, body: str) -> None:
    assert bodies(directory, text) == {body}


@pytest.mark.parametrize(("text", "body"), [("龙港区工信局", DISTRICT), ("普驼区司法局", "上海市普陀区司法局"), ("万理街道", NAMES[7])])
def test_misspelt_name_of_the_same_sound_is_read(directory: Directory, text: str, body: str) -> None:
    assert bodies(directory, text) == {body.removesuffix("（本级）")}


def test_core_name_alone_is_ambiguous(directory: Directory) -> None:
    assert bodies(directory, "工信局三公经费") == {CITY, DISTRICT}
    assert bodies(directory, "财政局三公经费") == {"上海市财政局", "上海市普陀区财政局"}


@pytest.mark.parametrize("text", ["南山区工信局2024年预算", "深圳市发改委的三公经费", "普陀区教育局2025年收入"])
def test_other_body_is_never_answered_with_a_neighbour(directory: Directory, text: str) -> None:
    found = directory.find(flat(text))
    assert found.unknown and not found.mentions


def test_region_in_the_middle_of_a_name_is_found() -> None:
    body = name_to_body("中国人民政治协商会议江苏省委员会办公厅")
    assert body.regions == ("江苏省",) and "江苏" not in body.core


def test_a_bureau_of_the_city_is_no_centre_of_the_city() -> None:
    directory = Directory.of((*NAMES[:2], "荆南市疾病预防控制中心"), load_lexicon())
    assert bodies(directory, "市局公务接待费多少") == {CITY}
