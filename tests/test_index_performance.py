"""Tasks, goals and indicators of a plain extraction."""

from index.domain import Line, Table
from index.goals import goal_header, region_to_goals
from index.indicators import lines_to_indicators
from index.performance import regions_to_performance
from index.plaintables import Region


def as_is(label: str, code: str | None) -> str:
    return label


def numbered(*texts: str) -> tuple[Line, ...]:
    return tuple(Line(i, text) for i, text in enumerate(texts, 1))


def cells(table: Table) -> list[tuple[str, list[str | None]]]:
    return [(row.label[-1], [cell.text for cell in row.cells]) for row in table.rows]


def test_label_stands_in_the_middle_of_its_merged_cell() -> None:
    lines = numbered(
        "资助数量 ≥10个",
        "产出指标 数量指标",
        "建成数量 5个",
        "时效指标 发放及时率 100%",
        "销售额 1亿元",
        "效益指标 经济效益指标",
        "投资额 2亿元",
    )
    found = lines_to_indicators(lines, frozenset(), as_is)
    assert [(i.label, i.target, i.level) for i in found] == [
        ("资助数量", "≥10个", "数量指标"),
        ("建成数量", "5个", "数量指标"),
        ("发放及时率", "100%", "时效指标"),
        ("销售额", "1亿元", "经济效益指标"),
        ("投资额", "2亿元", "经济效益指标"),
    ]
    assert found[0].path == ("年度绩效指标", "产出指标", "数量指标", "资助数量")


def test_label_stands_at_the_top_of_its_merged_cell() -> None:
    lines = numbered(
        "产出指标 数量指标", "甲数量 1个", "乙数量 2个", "丙数量 3个", "质量指标", "甲合格率 100%", "乙合格率 100%", "丙合格率 90%"
    )
    assert [i.level for i in lines_to_indicators(lines, frozenset(), as_is)] == ["数量指标"] * 3 + ["质量指标"] * 3


def test_wrapped_indicator_and_wrapped_target() -> None:
    lines = numbered("带动企业投入和带动", "产品销售额", "拉动大于17亿元", "的销售额", "居民", "满意度 ≥95%")
    found = lines_to_indicators(lines, frozenset(), as_is)
    assert [(i.label, i.target) for i in found] == [("带动企业投入和带动产品销售额", "拉动大于17亿元的销售额"), ("居民满意度", "≥95%")]


def test_performance_form_is_one_table() -> None:
    region = Region(
        "表12",
        "某局整体支出绩效目标表",
        "万元",
        None,
        numbered(
            "单位名称 某市某局 主管部门 某市某局",
            "预算金额(万元)",
            "任务名称 主要内容",
            "总额 其中：财政拨款 其中：其他资金",
            "园区管理",
            "用于园区日常管理和服务，做好统计。",
            "1,536.42 1,536.42 0.00",
            "基本支出 保障运行。 10.00 10.00 0.00",
            "金额合计 1,546.42 1,546.42 0.00",
            "年度总体目标",
            "把工作做好。",
            "一级指标 二级指标 三级指标 目标值",
            "产出指标 数量指标 园区数量 ≥3个",
        ),
    )
    table = regions_to_performance([region], "t", (), as_is, ["园区管理"], frozenset())
    assert table.columns == (
        ("单位名称",),
        ("主管部门",),
        ("主要内容",),
        ("预算金额(万元)", "总额"),
        ("预算金额(万元)", "其中：财政拨款"),
        ("预算金额(万元)", "其中：其他资金"),
        ("年度总体目标",),
        ("目标值",),
    )
    found = dict(cells(table))
    assert found["园区管理"][2:6] == ["用于园区日常管理和服务，做好统计。", "1,536.42", "1,536.42", "0.00"]
    assert found["基本支出"][2:4] == ["保障运行。", "10.00"]
    assert found["年度总体目标"][6] == "把工作做好。"
    assert found["园区数量"][7] == "≥3个"


def test_project_goals_stand_between_wrapped_names() -> None:
    lines = numbered(
        "项目名称",
        "（一级项目）",
        "预算数（万元） 绩效目标",
        "园区管理 10,167.09 通过开展管理，做好",
        "服务 50000 万元，等。",
        "专项资金",
        "——新兴领域",
        "193,451.25 主要用于集群建设。",
    )
    assert goal_header(lines, 0) == (3, "预算数（万元）", "绩效目标")
    table = region_to_goals(Region(None, "", None, None, lines, kind="goals"), "t", ("第七部分 重点项目",), as_is, [])
    assert table.title == "第七部分 重点项目" and table.unit == "万元"
    assert cells(table) == [
        ("园区管理", ["10,167.09", "通过开展管理，做好服务50000万元，等。"]),
        ("专项资金——新兴领域", ["193,451.25", "主要用于集群建设。"]),
    ]
