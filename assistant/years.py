"""The years of a question: named, in two digits, in Chinese, relative to the document's own, or as a range."""

from __future__ import annotations

import re

from index.amounts import chinese_to_int

YEAR = re.compile(
    r"(?<![\d.])(20\d{2})(?!\d)(?:年度?)?|(?<!\d)(\d{2})年(?!\d)|([二两][〇零○oO][一二三四五六七八九〇零]{2})年?|(?<!\d)(\d{2})(?=年?(?:和|与|跟|到|、|年)?(?:\d{2}|20\d{2})年)"
)
RELATIVE = re.compile(r"今年|本年度?|当年|(?:去年|上年度?|上一年|前年)(?!度?的?(?:结余|结转|末|底))|明年|下一年")
OFFSETS = {"今": 0, "本": 0, "当": 0, "去": -1, "上": -1, "前": -2, "明": 1, "下": 1}


def text_to_years(text: str) -> tuple[list[int], list[tuple[int, int]]]:
    """2024年, 24年, 二〇二四年 → years in order of mention, with their spans."""
    years, spans = [], []
    for found in YEAR.finditer(text):
        if re.match(r"\d{1,2}月", text[found.end() :]):  # 截至2024年8月底: a date, not the year whose figures are asked for
            spans.append(found.span())
            continue
        full, short, chinese, leading = found.groups()
        year = int(full or 0) or (
            2000 + int(short or leading) if short or leading else chinese_to_int((chinese or "").replace("○", "〇").replace("o", "〇")) or 0
        )
        if 2000 <= year <= 2099:
            years.append(year)
            spans.append(found.span())
    return list(dict.fromkeys(years)), spans


def text_to_range(text: str, years: list[int]) -> list[int]:
    """2017到2019年 names the years between, too."""
    if len(years) == 2 and re.search(r"(?:到|至|-|~)(?:20)?\d{2}年", text) and 0 < years[1] - years[0] <= 10:
        return list(range(years[0], years[1] + 1))
    return years
