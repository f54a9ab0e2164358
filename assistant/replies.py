"""An Answer as chat programs show it: the text, its remarks, and lines of sources; nothing in it links anywhere but to us.

What documents and questions say is quoted, never obeyed: their links, images, tags and calls to everybody are shown as plain
characters. Numbers are left exactly as the answer has them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from assistant.domain import Answer, Citation
from assistant.render import place

LONGEST_QUOTE = 80
# Chinese characters count as letters: the ends of Latin words are looked for among Latin letters alone.
SCHEME = re.compile(r"(?i)(?<![a-z0-9])(https?|ftp|file|data|javascript|vbscript|mailto|tel)(:)")
HOST = re.compile(r"(?i)(?<![a-z0-9])www\.")
TAG = re.compile(r"<(?=[A-Za-z/!?@])")
CALL = re.compile(r"@(?=所有人|(?:all|everyone|channel|here)(?![a-z0-9]))", re.IGNORECASE)
PageLink = Callable[[Citation], str | None]  # the address of a place's page picture


def harmless(text: str) -> str:
    """Markdown of ours with quoted text inside, without a link, an image, a tag or a call to everybody in it."""
    text = text.replace("![", "！[").replace("](", "]（").replace("]:", "]：")
    text = SCHEME.sub(r"\1：", text)
    text = HOST.sub("www．", text)
    return CALL.sub("＠", TAG.sub("＜", text))


def harmless_answer(answer: Answer) -> Answer:
    """For programs that may show its texts as Markdown; quotes, titles and labels stay as printed."""
    notices = tuple(replace(notice, message=harmless(notice.message)) for notice in answer.notices)
    return replace(answer, answer=harmless(answer.answer), notices=notices, options=tuple(harmless(option) for option in answer.options))


def source_line(citation: Citation) -> str:
    """[1] 《…》第26页 · 表5 项目支出总表 · 对口帮扶 › …：“9,233.81”."""
    quote = " ".join(citation.quote.split())
    quote = quote if len(quote) <= LONGEST_QUOTE else quote[:LONGEST_QUOTE] + "…"
    return harmless(f"[{citation.n}] 《{citation.title}》{place(citation)}：“{quote}”")


def answer_to_chat(answer: Answer) -> str:
    """The whole reply as Markdown. A table stays a table."""
    parts = [harmless(answer.answer)]
    options = [option for option in answer.options if option not in answer.answer]
    parts += ["\n".join(f"- {harmless(option)}" for option in options)] if options else []
    parts += [f"> {harmless(notice.message)}" for notice in answer.notices if notice.message not in answer.answer]
    if answer.citations:
        parts.append("来源：\n" + "\n".join(source_line(citation) for citation in answer.citations))
    return "\n\n".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Mark:
    """``text[start:end]`` of a reply is the mark [n] of ``citation``."""

    start: int
    end: int
    citation: Citation


def marks(text: str, answer: Answer) -> list[Mark]:
    """The first mark of each citation, in the order of the citations."""
    found = []
    for citation in answer.citations:
        mark = f"[{citation.n}]"
        at = text.find(mark)
        if at >= 0:
            found.append(Mark(at, at + len(mark), citation))
    return found
