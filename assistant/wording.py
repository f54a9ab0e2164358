"""The question as it is read: simplified characters, short forms of levels written out, leads joined to their item."""

from __future__ import annotations

import re

from assistant.words import simplified

_BOTH_LEVELS = re.compile(r"([市区县省])里(?=[和与跟、][市区县省]里)")  # 市里和区里工信局 is 市局和区工信局
_LEVEL_SAID = re.compile(r"(?<![辖园社城郊山矿景库地])([市区县省])里的?(?=[\u4e00-\u9fff]{2,8}[局委厅院办])")  # 区里工信局 is 区工信局
_PROCURATORATE = re.compile(r"(?<![\u4e00-\u9fff])([省市区县])检(?![察验查疫测修])")  # 省检 is 省检察院
_YEAR_EDGE = re.compile(r"(?<=20\d\d)年([初末底])(?!预算)")  # 2022年初有多少 is 2022年 and 年初
_ONLY = re.compile(r"((?:只|仅|光|单)(?:看|算|说|论|讲)[\u4e00-\u9fff“”]{2,14})[,，]")  # 只看财政拨款，…: a lead of the item


def question_to_wording(question: str) -> str:
    """What people write in short, as the rest of the understanding expects it; nothing is added or left out."""
    text = _YEAR_EDGE.sub(r"年年\1", _PROCURATORATE.sub(r"\1检察院", simplified(question)))
    return _ONLY.sub(r"\1的", _LEVEL_SAID.sub(r"\1", _BOTH_LEVELS.sub(r"\1局", text)))
