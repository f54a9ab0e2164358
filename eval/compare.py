"""``python -m eval compare RUN_A RUN_B``: what a change did, question by question; a gate that closes where wrong answers rose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assistant.__main__ import Parser
from assistant.domain import Answer
from eval.report import OUTCOMES, table_to_lines
from eval.runs import Run, read_run
from eval.score import Outcome, Verdict

CHANGES_SHOWN = 20  # of those that are judged the same


@dataclass(frozen=True, slots=True)
class Change:
    """One question whose answer is another one than before; the outcomes may be the same."""

    id: str
    question: str
    before: Outcome
    after: Outcome


@dataclass(frozen=True, slots=True)
class Comparison:
    """Questions asked in both runs. ``only`` are the ids that one of the runs lacks."""

    counts: dict[Outcome, tuple[int, int]]
    gained: tuple[Change, ...]  # right now
    lost: tuple[Change, ...]  # right before
    others: tuple[Change, ...]  # wrong became missed, or the reverse
    changed: tuple[Change, ...]  # judged the same, said differently
    only: tuple[str, ...]

    @property
    def wrong_rose(self) -> bool:
        before, after = self.counts[Outcome.WRONG]
        return after > before


def compare(a: Run, b: Run) -> Comparison:
    """From ``a`` (before) to ``b`` (after)."""
    before, after = ({verdict.id: verdict for verdict in run.verdicts} for run in (a, b))
    both = [id for id in before if id in after]
    counts = {o: (sum(before[id].outcome is o for id in both), sum(after[id].outcome is o for id in both)) for o in Outcome}
    moved = [_change(before[id], after[id], b) for id in both if before[id].outcome is not after[id].outcome]
    return Comparison(
        counts=counts,
        gained=tuple(c for c in moved if c.after is Outcome.CORRECT),
        lost=tuple(c for c in moved if c.before is Outcome.CORRECT),
        others=tuple(c for c in moved if Outcome.CORRECT not in (c.before, c.after)),
        changed=tuple(
            _change(before[id], after[id], b)
            for id in both
            if before[id].outcome is after[id].outcome and _said(a.answers.get(id)) != _said(b.answers.get(id))
        ),
        only=tuple(id for id in [*before, *after] if not (id in before and id in after)),
    )


def run(words: list[str]) -> int:
    """Exit code 1 where more answers are wrong than before. Raises BudgetError where a folder holds no run."""
    parser = Parser(prog="python -m eval compare", description="比较两次运行 / what changed between two runs")
    parser.add_argument("a", type=Path, metavar="RUN_A", help="此前的结果文件夹 / run folder, before")
    parser.add_argument("b", type=Path, metavar="RUN_B", help="此后的结果文件夹 / run folder, after")
    args = parser.parse_args(words)
    found = compare(read_run(args.a), read_run(args.b))
    print("\n".join(comparison_to_lines(found)))
    return 1 if found.wrong_rose else 0


def comparison_to_lines(found: Comparison) -> list[str]:
    counts = [(OUTCOMES[o], str(a), str(b), f"{b - a:+d}" if a != b else "0") for o, (a, b) in found.counts.items() if a or b]
    lines = table_to_lines([("", "此前", "此后", "变化"), *counts])
    if found.only:
        lines.append(f"只在一次运行里的题不比较：{len(found.only)} 道")
    for title, changes in (("答对了", found.gained), ("不再答对", found.lost), ("错误与未答之间", found.others)):
        lines += [f"{title}：{len(changes)}", *(f"  {c.id} {OUTCOMES[c.before]}→{OUTCOMES[c.after]} {c.question}" for c in changes)]
    shown = found.changed[:CHANGES_SHOWN]
    lines += [f"判分不变、答案有变：{len(found.changed)}", *(f"  {c.id} {OUTCOMES[c.after]} {c.question}" for c in shown)]
    lines += ["  ……"] if len(shown) < len(found.changed) else []
    return [*lines, *(["错误增多了 / more wrong answers than before"] if found.wrong_rose else [])]


def _change(before: Verdict, after: Verdict, run: Run) -> Change:
    answer = run.answers.get(after.id)
    return Change(after.id, answer.question if answer else "", before.outcome, after.outcome)


def _said(answer: Answer | None) -> object:
    """What people see of an answer: not its time, nor its trace."""
    return answer and (answer.status, answer.answer, answer.figures, answer.citations, answer.notices, answer.options)
