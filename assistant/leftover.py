"""What of a question no figure or passage explains: words with a meaning of their own are reason enough to say no."""

from __future__ import annotations

from assistant.match import Ask, span_mask
from index.errors import require

# Word classes without a meaning of their own: particles, pronouns, adverbs, numbers, measure words, time, directions.
EMPTY_CLASSES = ("p", "u", "c", "d", "r", "y", "e", "o", "f", "q", "m", "t", "w", "x", "z", "h", "k")
FILLER = frozenset(
    "情况 时候 东西 事情 方面 地方 部分 问题 意思 内容 数字 数据 资料 文件 报告 表格 单位 部门 机关 政府 财政 资金 经费 金额 数额 项目 预算 决算 支出 收入"
    " 科目 年度 总额 全年 名义 总数 块钱 大家 人家 数目 开支 花费 费用 花销 结果 程度 水平 口径 说法 大类 小类 分类 名单 清单 名称 百分比 百分点 百分之"
    " 安排 投入 使用 用来 列支 达到 实现 完成 需要 显示 写明 提到 知道 告诉 查询 计算 准备 打算 预计 属于 包括 包含 具体 组成 编制 下达 拿到 获得 得到"
    " 花掉 采用 提出 设立 设置 存在 出现 变动 变化 调整 对比 相比 比较 相差 排名 排序 换算 折合 怎么回事 干什么 干嘛 说明 请问 麻烦 看看 一下子 原因 理由"
    " 今年 去年 上年 明年 规模 盘子 一块 多少钱 高低 大小 哪些 有没有 是否 能否 可以 应该 告知 回答 介绍 列出 列举 涨幅 降幅 增幅 幅度 变成 一共 总共 合起来"
    " 这笔 那笔 主要 用途 支付 一起 起来 加起来 单子 里头 份额 比重 比例 表里 文中 前后 对不上 到底 最大 最多 最高".split()
)


def leftover(ask: Ask, covered: int) -> list[str]:
    """The unexplained words that carry meaning, in order; empty where only filler is left.

    A word counts as explained where at least half of it is covered.
    """
    if not ask.uncovered(covered):
        return []
    rjieba = require("rjieba", "分词", "pip install rjieba")
    words, at = [], 0
    for word, kind in rjieba.tag(ask.text):
        span = span_mask(at, at + len(word))
        at += len(word)
        open_ = (span & ask.open & ~covered).bit_count()
        if not span & ask.uncovered(covered) or open_ * 2 <= len(word) or word in FILLER:
            continue
        if kind == "eng" or (len(word) > 1 and not str(kind).startswith(EMPTY_CLASSES)):
            words.append(str(word))
    return words
