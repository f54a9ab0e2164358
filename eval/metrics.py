"""What is measured, each with its Chinese name and a sentence for readers, and where its value comes from in a verdict."""

from __future__ import annotations

from typing import NamedTuple

from eval.score import Outcome, Verdict


class Metric(NamedTuple):
    """A share from 0 to 1 of the questions that it applies to."""

    key: str
    name: str
    meaning: str
    good: bool = True  # higher is better
    group: str = "answer"


METRICS = (
    Metric("correct", "正确", "要的数字、要点都有，没有不该说的话"),
    Metric("wrong", "错误", "给出了别的数字，或在文件没有时给了数字：会误导人", good=False),
    Metric("missed", "未答", "没有答或没有答全：不误导人", good=False),
    Metric("figure", "数字全对", "数值、单位、方向、位数都与标准答案一致", group="figure"),
    Metric("value", "数值", "每个要的数值都给出（单位可换算）", group="figure"),
    Metric("unit", "单位", "给出的数值里，单位就是所问的单位", group="figure"),
    Metric("sign", "方向", "给出的数值里，增加或减少没有说反", group="figure"),
    Metric("precision", "位数", "给出的数值里，没有舍去印出的小数", group="figure"),
    Metric("phrases", "要点", "必须提到的文字提到了多少", group="text"),
    Metric("discrepancy", "矛盾指出", "文件自相矛盾的题里，答案指出了矛盾", group="text"),
    Metric("refusal", "该拒已拒", "文件里没有的题里，说了没有", group="refusal"),
    Metric("false_refusal", "误拒", "文件里有的题里，却说没有", good=False, group="refusal"),
    Metric("clarify", "该问已问", "有歧义的题里，反问了或各种理解都答了", group="refusal"),
    Metric("needless_clarify", "多余反问", "没有歧义的题里，却反问", good=False, group="refusal"),
    Metric("place", "出处", "答对的题里，引用了对的表或节", group="citation"),
    Metric("page", "页", "答对的题里，引用的页对", group="citation"),
    Metric("cell", "格", "答对的题里，引用的行和列对", group="citation"),
    Metric("hit1", "hit@1", "仅检索：第 1 条就是标准出处", group="retrieval"),
    Metric("hit3", "hit@3", "仅检索：前 3 条里有标准出处", group="retrieval"),
    Metric("hit5", "hit@5", "仅检索：前 5 条里有标准出处", group="retrieval"),
    Metric("hit10", "hit@10", "仅检索：前 10 条里有标准出处", group="retrieval"),
    Metric("mrr", "MRR", "仅检索：标准出处最前名次的倒数", group="retrieval"),
    Metric("ndcg", "nDCG@10", "仅检索：全部标准出处排得多靠前", group="retrieval"),
    Metric("seen1", "见数@1", "仅检索：所问的数字印在第 1 段里", group="retrieval"),
    Metric("seen5", "见数@5", "仅检索：所问的数字印在前 5 段里", group="retrieval"),
)
GROUPS = {
    "answer": "对错",
    "figure": "数字准确",
    "text": "文字",
    "refusal": "拒答与反问",
    "citation": "引用",
    "retrieval": "仅检索",
}
BY_KEY = {metric.key: metric for metric in METRICS}


def verdict_to_value(verdict: Verdict, key: str) -> float | None:
    """None where the metric does not apply to the question, or the question could not be scored."""
    if verdict.outcome is Outcome.UNSCORED and BY_KEY[key].group != "retrieval":
        return None
    if key in ("correct", "wrong", "missed"):
        return float(verdict.outcome == key)
    if key in ("place", "page", "cell"):
        value = getattr(verdict, key)
        return None if value is None else float(value)
    return verdict.marks.get(key)
