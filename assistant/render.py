"""Where a figure or passage stands, as people read it."""

from __future__ import annotations

from assistant.domain import Citation


def place(c: Citation) -> str:
    """第26页 · 表5 项目支出总表 · 对口帮扶 › 2024年预算 › 总计."""
    where = f"第{c.page}页" if c.page else f"第{c.line}行" if c.line else ""
    parts = [where, c.table or c.section or "", " › ".join(c.row), " › ".join(c.column) if c.table else ""]
    return " · ".join(p for p in parts if p)
