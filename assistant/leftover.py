"""What of a question no figure or passage explains: names and nouns there are reason enough to say no."""

from __future__ import annotations

from assistant.match import Ask
from index.errors import require

CONTENT_CLASSES = ("n", "eng", "j", "l", "i", "nz", "vn", "s")
FILLER = frozenset("情况 时候 东西 事情 方面 地方 部分 问题 意思 内容 数字 数据 资料 文件 报告 表格 单位 部门 机关 政府 财政 资金 经费 金额 数额 项目 预算 决算 支出 收入 科目 年度 总额 全年 名义 总数 钱 块钱 大家 人家 数目 账 开支 花费 费用 花销 结果 程度 水平 口径 栏 行 列 项 字 条 款 类 级 家 局 区 市 省 处 数 值 额 面 头 边 说法 大类 小类 分类 功能 经济".split())


def leftover(ask: Ask, covered: int) -> list[str]:
    """The unexplained words that carry meaning, in order; empty where only filler is left."""
    open_ = ask.uncovered(covered)
    if open_.bit_count() < 1:
        return []
    if open_.bit_count() == 1 and not any(c.isalnum() and ord(c) < 128 for i, c in enumerate(ask.text) if open_ >> i & 1):
        return []
    rjieba = require("rjieba", "分词", "pip install rjieba")
    words, at = [], 0
    for word, kind in rjieba.tag(ask.text):
        span = ((1 << len(word)) - 1) << at
        at += len(word)
        rest = (span & open_).bit_count()
        if rest * 2 > len(word) and str(kind).startswith(CONTENT_CLASSES) and word not in FILLER:
            words.append(str(word))
        elif rest * 2 > len(word) and str(kind).startswith("v") and len(word) >= 2 and rest == len(word) and not str(kind).startswith("vd"):
            words.append(f"~{word}")  # a verb alone is no reason to refuse; with a noun it is part of the picture
    return [w for w in words if not w.startswith("~")]
