"""An Answer as people read it: Markdown for pages and chat tools, plain lines for a terminal."""

from __future__ import annotations

from assistant.domain import Answer, Citation


def place(c: Citation) -> str:
    """第26页 · 表5 项目支出总表 · 对口帮扶 › 2024年预算 › 总计."""
    where = f"第{c.page}页" if c.page else f"第{c.line}行" if c.line else ""
    parts = [where, c.table or c.section or "", " › ".join(c.row), " › ".join(c.column) if c.table else ""]
    return " · ".join(p for p in parts if p)


def sources(answer: Answer) -> list[str]:
    """One line a source."""
    out = []
    for c in answer.citations:
        quote = c.quote if len(c.quote) <= 80 else c.quote[:80] + "…"
        out.append(f"[{c.n}] {c.title} · {place(c)}：{quote}")
    return out


def answer_to_markdown(answer: Answer) -> str:
    """The answer, its remarks and its numbered sources."""
    parts = [answer.answer]
    if answer.options:
        parts.append("\n".join(f"- {o}" for o in answer.options) if not answer.answer.count("\n- ") else "")
    parts += [f"> {n.message}" for n in answer.notices]
    if answer.citations:
        parts.append("**出处**\n\n" + "\n".join(f"- {line}" for line in sources(answer)))
    return "\n\n".join(p for p in parts if p)
