"""An Answer in a chat window: the figure first, short, tables as lists, sources with page and link; cut only where nothing breaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from assistant.channels.domain import Style
from assistant.domain import Answer, Citation
from assistant.render import place
from assistant.replies import harmless

MOST_SOURCES = 5
QUOTE_CHARS = 40
HELP = "请直接问预算、决算里的一个数字或一件事，例如：龙岗区对口帮扶预算多少？我会给出数字、文件、页码和表；文件里没有的，直接说没有。"
ONLY_TEXT = "只支持文字提问。" + HELP
UNKNOWN = "您还没有开通：请把您在本应用里的账号告诉管理员，由管理员开通。"
BUSY = "现在提问的人太多，这个问题没有排上：请稍后再问。"
FAILED = "出了内部错误，这个问题没有得到答案：请稍后再问，或告诉管理员。"
PageLink = Callable[[Citation], str | None]

# What is never cut: a link, a mark, a number with its unit, emphasis around such a number, a Latin word.
WHOLE = re.compile(
    r"\[[^\]\n]*\]\([^)\s]*\)|\*\*[^*\n]{1,60}\*\*|\[\d+\]|[-−+]?\d[\d,.，]*\d?\s?[%％‰]?[万亿千百十]?[元辆家个人次]?|[A-Za-z]+|.",
    re.DOTALL,
)
AFTER = re.compile(r"[。；！？，、\s]")  # a piece rather ends behind one of these


def answer_to_texts(answer: Answer, style: Style, page_url: PageLink) -> list[str]:
    """The messages to send, none over the style's size."""
    body = harmless(answer.answer)
    parts = [body if style.tables else tables_to_lists(body)]
    if answer.options:
        parts = [f"{harmless(answer.answer).splitlines()[0]}\n" + "\n".join(f"{n}. {harmless(o)}" for n, o in enumerate(answer.options, 1))]
        parts.append("回复序号即可。")
    parts += [f"注：{harmless(notice.message)}" for notice in answer.notices if notice.message not in answer.answer]
    if answer.citations and not answer.options:
        parts.append("\n".join(source_lines(answer, page_url)))
    return cut("\n\n".join(part for part in parts if part), style.most_bytes)


def source_lines(answer: Answer, page_url: PageLink) -> Iterator[str]:
    yield "来源："
    for citation in answer.citations[:MOST_SOURCES]:
        yield source_line(citation, page_url)
    if len(answer.citations) > MOST_SOURCES:
        yield f"另有 {len(answer.citations) - MOST_SOURCES} 处"


def source_line(citation: Citation, page_url: PageLink) -> str:
    quote = " ".join(citation.quote.split())
    quote = quote if len(quote) <= QUOTE_CHARS else quote[:QUOTE_CHARS] + "…"
    url = page_url(citation)
    link = f" [看原页]({url})" if url else ""
    return harmless(f"[{citation.n}] 《{citation.title}》{place(citation)}：“{quote}”") + link


def tables_to_lists(text: str) -> str:
    """Markdown tables as lines 「- 甲，2024，三公经费：**133.00万元**[1]」; everything else as it is."""
    lines, out, at = text.split("\n"), list[str](), 0
    while at < len(lines):
        if is_row(lines[at]) and at + 1 < len(lines) and re.fullmatch(r"\s*\|[\s:|-]+\|\s*", lines[at + 1]):
            at += 2
            while at < len(lines) and is_row(lines[at]):
                out.append("- " + "，".join(cell for cell in cells(lines[at]) if cell))
                at += 1
        else:
            out.append(lines[at])
            at += 1
    return "\n".join(out)


def is_row(line: str) -> bool:
    return line.strip().startswith("|") and line.strip().endswith("|")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def cut(text: str, most: int) -> list[str]:
    """Pieces of at most ``most`` UTF-8 bytes: at line ends, else behind punctuation, never inside a number, mark or link."""
    pieces, piece = list[str](), ""
    for line in text.split("\n"):
        for part in parts_of(line, most):
            joined = f"{piece}\n{part}" if piece else part
            if size(joined) <= most:
                piece = joined
            else:
                pieces.append(piece)
                piece = part
    return [*pieces, piece] if piece.strip() else pieces


def parts_of(line: str, most: int) -> Iterator[str]:
    """A line that is too long, in parts."""
    if size(line) <= most:
        yield line
        return
    part, good = "", 0  # ``good`` characters of the part end behind punctuation
    for token in (match[0] for match in WHOLE.finditer(line)):
        while part and size(part + token) > most:
            end = good or len(part)
            yield part[:end]
            part, good = part[end:], 0
        while size(token) > most:  # no place in it is a good one
            fits = len(token.encode()[:most].decode(errors="ignore"))
            yield token[:fits]
            token = token[fits:]
        part += token
        if AFTER.fullmatch(token):
            good = len(part)
    if part:
        yield part


def size(text: str) -> int:
    return len(text.encode())
