"""A question becomes an answer: understand → scope → figures or passages → wording with places. One file tells it all.

No step guesses: what the documents do not say, or say of another body, year or item, ends in a refusal that names what
was searched. Answers are the same in every run; no language model takes part here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from assistant.across import answer_across
from assistant.agree import answer_agree
from assistant.alternatives import one_answer, open_bodies, open_documents, which, with_note
from assistant.beside import answer_attribute, answer_money_of_it, attribute_apart
from assistant.bodies import LOCAL
from assistant.changes import answer_change, answer_previous
from assistant.clauses import ASKS, CLAUSE_END, merge, split_clauses
from assistant.compare import answer_columns, answer_compare
from assistant.completion import answer_completion, answer_gap
from assistant.disputes import answer_disputes
from assistant.domain import Answer, Intent, Notice, Refusal, Status
from assistant.draft import Draft
from assistant.flat import flat
from assistant.lexicon import Lexicon, load_lexicon
from assistant.library import Library, Source
from assistant.lookups import answer_blank, answer_counts, answer_lookup, answer_target
from assistant.match import promote
from assistant.narrative import answer_short_text, answer_text, answer_why
from assistant.nothing import answer_nothing
from assistant.parts import answer_parts
from assistant.rankings import answer_empty, answer_list, answer_rank
from assistant.reading import part_ask
from assistant.scope import Scope, choose
from assistant.shares import answer_ratio, answer_share
from assistant.spelling import respelled
from assistant.sums import answer_average, answer_sum
from assistant.task import Task
from assistant.titles import named_tables
from assistant.turns import MEASURE, complete, follow_up
from assistant.understand import Question, text_to_question, with_tables, with_units
from assistant.units import NamedUnits, named_units, swap_unit, view_units
from assistant.watch import UNDERSTAND, note, stage, watching
from assistant.without import answer_without, leaves_out
from assistant.wording import question_to_wording
from assistant.words import simplified
from index.domain import Hit

Handler = Callable[[Task], Answer | None]
# 公用经费里的电费: what the tables of economic classes print under 基本支出.
OF_RUNNING = re.compile(r"(?:日常)?公用经费(?:里面?|当?中|下面?)的?(?=[\u4e00-\u9fff]{1,7}费)")
DIFFERENCE = re.compile(
    r"(?:两者|二者|它们)?(?:相?差|差额|差距|多|少|高|低|大|小)(?:了|出|额)?(?:是|有)?(?:多少|几|多大)[\u4e00-\u9fff]{0,3}"
)
LONGEST_QUESTION = 2000
WHOLE_YEAR, PART_OF_YEAR = re.compile(r"全年|年度(?!报|预算|决算)|一整年"), re.compile(r"季度|半年|[一二三四]季|\d月份?报")
QUARTER = re.compile(r"([一二三四])季度")
ITEM_NAMED = re.compile(r"费|支出|资金|项目|专项|预算|收入|拨款|补贴|补助|指标|目标|科目")  # what must not be left out of a question
NEAR = 200  # groups whose labels are looked up word for word
OUT_OF_SCOPE = "这超出了我能回答的范围：我只查已入库的预算、决算文件里写明的数字和内容，不作评价、预测，也不提供办事建议。"
# Handlers that compute from one document: where several may be meant, each is asked.
OF_ONE_DOCUMENT = frozenset(
    {
        answer_parts,
        answer_ratio,
        answer_columns,
        answer_counts,
        answer_compare,
        answer_share,
        answer_sum,
        answer_average,
        answer_rank,
        answer_list,
    }
)
LEAVING_OUT = frozenset({answer_rank, answer_list, answer_text, answer_why})
HANDLERS = {
    Intent.LOOKUP: (
        answer_parts,
        answer_ratio,
        answer_columns,
        answer_counts,
        answer_lookup,
        answer_previous,
        answer_nothing,
        answer_blank,
        answer_short_text,
    ),
    Intent.CHANGE: (answer_change,),
    Intent.COMPARE: (answer_parts, answer_compare, answer_change, answer_counts, answer_lookup, answer_short_text),
    Intent.SHARE: (answer_ratio, answer_share),
    Intent.SUM: (answer_sum, answer_lookup),
    Intent.AVERAGE: (answer_target, answer_average),
    Intent.RANK: (answer_rank,),
    Intent.LIST: (answer_parts, answer_list, answer_text),
    Intent.WHY: (answer_why, answer_text),
    Intent.TEXT: (answer_target, answer_text, answer_lookup),
    Intent.DEFINE: (answer_text, answer_lookup),
}


class Assistant:
    """Answers from one store. Safe to ask from several threads as far as the store is."""

    def __init__(self, source: Source, lexicon: Lexicon | None = None) -> None:
        self.lexicon = lexicon or load_lexicon()
        self.library = Library(source, self.lexicon)

    @classmethod
    def open(cls, store: Path | str) -> Assistant:
        """Raises StoreError where there is no usable store."""
        from index.stores.index import Index

        return cls(Index.open(Path(store)))

    def ask(self, question: str, history: Sequence[Mapping[str, str]] = (), id: str | None = None) -> Answer:
        """Answer one question; ``history`` are earlier turns (role, content). Never raises for what people type."""
        start = time.perf_counter()
        with watching() as watch:
            answer = self._ask(question, history)
        stages = tuple((name, round(ms, 3)) for name, ms in watch.stages.items())
        return replace(answer, trace=tuple(watch.notes), stages=stages).timed(1000 * (time.perf_counter() - start), id)

    def evidence(self, question: str, history: Sequence[Mapping[str, str]] = (), k: int = 10) -> list[Hit]:
        """The ``k`` best passages and tables for a question by search alone, in the documents that ``ask`` would look into."""
        text, docs = self.to_search(question, history)
        return self.library.source.search(text, k, docs) if docs else []

    def to_search(self, question: str, history: Sequence[Mapping[str, str]] = ()) -> tuple[str, list[str]]:
        """What ``evidence`` searches for, and in which documents: in none for what is no question."""
        self.library.refresh()
        if question_problem(question) or not self.library.infos:
            return "", []
        q, scope = self._understand(self._complete(question, history))
        return q.text, [doc for group in scope.groups for doc in group.docs]

    def _ask(self, question: str, history: Sequence[Mapping[str, str]]) -> Answer:
        problem = question_problem(question)
        if problem:
            return Answer(question=question[:LONGEST_QUESTION], status=Status.REFUSED, answer=problem, refusal=Refusal.OUT_OF_SCOPE)
        self.library.refresh()
        draft = Draft(question, self.library.view_map())  # type: ignore[arg-type]
        if not self.library.infos:
            return draft.refused(Refusal.NOT_INDEXED, "库里还没有文件。请先运行 assistant ingest 文件或文件夹。")
        text = self._complete(question, history)
        clauses = split_clauses(text)
        if len(clauses) == 1:
            answer = self._answer(text, draft)
            if answer.refusal is not Refusal.NOT_IN_DOCUMENTS:
                return answer
            return self._attribute(question, text, draft) or self._bare(question, text, draft) or answer
        if told := self._attribute(question, text, draft):
            return told
        whole = self._answer(text, Draft(question, draft.views))
        return self._clauses(question, clauses, whole, draft)

    def _attribute(self, question: str, text: str, draft: Draft) -> Answer | None:
        """What is asked of an amount (落在哪个科目), where the amount is found and its rows tell."""
        if not (parts := attribute_apart(text)):
            return None
        one = Draft(question, draft.views)
        amount = self._answer(parts[0], one)
        told = answer_attribute(parts[1], one, self.library) if amount.status is Status.ANSWERED else None
        return merge(question, parts, [amount, told]) if told else None

    def _bare(self, question: str, text: str, draft: Draft) -> Answer | None:
        """The one clause that names a body and asks, where what stands around it explains nothing."""
        pieces = [p for p in CLAUSE_END.split(flat(text)) if p]
        asking = [p for p in pieces if ASKS.search(p) and self.library.directory.find(p).mentions]
        dropped = [p for p in pieces if p not in asking]
        if len(pieces) < 2 or len(asking) != 1 or any(self._names_item(p) for p in dropped):
            return None
        answer = self._answer(asking[0], Draft(question, draft.views))
        if answer.status is not Status.ANSWERED:
            return None
        notice = Notice("assumption", f"只回答了其中的“{asking[0]}”，其余的话没有采用。")
        return replace(answer, question=question, notices=(*answer.notices, notice))

    def _names_item(self, piece: str) -> bool:
        """True where a clause says something of budgets (买公车这块): it must not be left out of the question."""
        if ITEM_NAMED.search(piece) or any(len(alias) > 1 and alias in piece for alias in self.lexicon.synonyms):
            return True
        ask, views = part_ask(self.library, piece), self.library.views(self.library.groups[:NEAR])
        return any(view.printed_items(ask) for view in views) or bool(named_units(piece, views, ()).labels)

    def _clauses(self, question: str, clauses: list[str], whole: Answer, draft: Draft) -> Answer:
        """Each clause by itself, completed by the one before; the question as a whole where that does not work."""
        answers: list[Answer] = []
        before = ""
        one = draft
        for clause in clauses[:6]:
            beside = (answer_money_of_it(clause, one, self.library) or answer_attribute(clause, one, self.library)) if before else None
            if beside is not None:
                answers.append(beside)
                continue
            completed = self._same_unit(complete(clause, before, self.library.directory, self.lexicon), before) if before else clause
            one = Draft(question, draft.views)
            answer = self._answer(completed, one)
            bare = self._bare(question, completed, one) if answer.refusal is Refusal.NOT_IN_DOCUMENTS else None
            answers.append(bare or answer)
            before = self._settled(completed, answers[-1])
        answers = told_once(answers)
        good = [a for a in answers if a.status is Status.ANSWERED]
        if DIFFERENCE.fullmatch(clauses[-1]) and whole.status is Status.ANSWERED and whole.calculation:
            return whole  # 哪个多，差多少: the difference is of both
        untold = [a for a in answers if a.status is not Status.ANSWERED]
        if untold and good and answers[0].status is not Status.REFUSED and not whole.calculation and len(whole.figures) < len(clauses):
            return merge(question, clauses, answers)  # 多少钱，多少栋: what is not told is said
        if len(good) == len(answers) or (good and answers[0].status is Status.ANSWERED and adds_nothing(whole, good)):
            return merge(question, clauses, answers)
        return whole

    def _same_unit(self, text: str, before: str) -> str:
        """The clause with the unit of the one before, where it names neither a unit nor another body: 果业中心预算多少，三公多少."""
        named, earlier = self.library.directory.find(text), self.library.directory.find(before)
        bodies = {b for m in earlier.mentions for b in m.bodies}
        if not bodies or {b for m in named.mentions for b in m.bodies} != bodies:
            return text
        views = self.library.views(g for g in self.library.groups if g.body in bodies)
        units, own = named_units(before, views, earlier.spans), named_units(text, views, named.spans)
        if not units.spans or own.spans or units.own:
            return text
        at = max(m.end for m in named.mentions)
        return text[:at] + before[slice(*units.spans[0])] + text[at:]

    def _settled(self, text: str, answer: Answer) -> str:
        """The text with an open name (市局) replaced by the body that its answer turned out to be about: the next clause means it, too."""
        told = {LOCAL.sub("", self.library.view(c.doc).info.department) for c in answer.citations}
        if answer.status is Status.ANSWERED and len(told) == 1:
            for m in reversed(self.library.directory.find(text).mentions):
                text = text[: m.start] + next(iter(told)) + text[m.end :] if len(m.bodies) > 1 else text
        return text

    def _complete(self, question: str, history: Sequence[Mapping[str, str]]) -> str:
        """The question in simplified characters, with what a follow-up leaves out."""
        turns = [{**turn, "content": simplified(str(turn.get("content", "")))} for turn in history]
        text = question_to_wording(question)
        if (swapped := self._swapped(text, turns)) is not None:
            return swapped
        first, *others = split_clauses(text) if turns else [text]
        if others and (MEASURE.search(first) or not part_ask(self.library, first).content):
            # 年初预算是多少，为什么没用完: the first part takes its item from the turn before
            return "，".join((follow_up(first, turns, self.library.directory, self.lexicon), *others))
        return follow_up(text, turns, self.library.directory, self.lexicon)

    def _swapped(self, text: str, turns: Sequence[Mapping[str, str]]) -> str | None:
        """The question before, of the unit that this turn names and nothing else; None where it is no such turn."""
        users = [turn for turn in turns if turn.get("role") == "user" and turn["content"]]
        if not users or self.library.directory.find(flat(text)).mentions:
            return None
        before = flat(follow_up(users[-1]["content"], users[:-1], self.library.directory, self.lexicon))
        named = self.library.directory.find(before)
        groups = [g for g in self.library.groups if any(g.body in m.bodies for m in named.mentions)]
        return swap_unit(flat(text), before, self.library.views(groups), named.spans)

    @stage(UNDERSTAND)
    def _understand(self, text: str) -> tuple[Question, Scope]:
        q = text_to_question(text, self.library.directory, self.lexicon, lambda named: self.library.only_bodies(flat(text), named))
        scope = choose(q, self.library.groups, self.library.directory, self.library.planned_years)
        note(f"understand: intent={q.intent} text={q.text}")
        note(f"scope: {'、'.join(group.label for group in scope.groups[:4])}（{len(scope.groups)}）")
        return q, scope

    def _answer(self, text: str, draft: Draft, as_typed: bool = False) -> Answer:
        """One question without history; ``as_typed`` leaves misspelt items alone."""
        q, scope = self._understand(text)
        if q.intent is Intent.OUT_OF_SCOPE:
            return draft.refused(Refusal.OUT_OF_SCOPE, OUT_OF_SCOPE)
        if q.named.unknown:
            return draft.refused(Refusal.NOT_INDEXED, f"库里没有{'、'.join(q.named.unknown)}的文件。{self._indexed()}")
        if not scope.groups:
            return draft.refused(Refusal.NOT_INDEXED, self._not_indexed(scope))
        barred = self._not_in_budgets(q, scope)
        if barred:
            return draft.refused(Refusal.NOT_IN_DOCUMENTS, barred)
        with stage(UNDERSTAND):
            plain, everything = q, scope
            q = with_units(q, named_units(q.text, self.library.views(scope.groups[:NEAR]), q.named.spans), self.lexicon)
            scope = with_these_units(scope, q.units, self.library)
            if q.intent is Intent.LOOKUP and len(q.units.spans) > 1 and not q.units.own:
                q = replace(q, intent=Intent.COMPARE)
        answer = self._handled(q, scope, draft)
        words = [q.text[start:end] for start, end in q.units.spans]
        if answer is None and words and any(w in v.items for w in words for v in self.library.views(everything.groups[:NEAR])):
            # 图书馆 is a function, too, and not only the library's own row
            answer = self._handled(plain, everything, draft)
        if answer is None and not as_typed:
            answer = self._respelled(q, scope, draft)
        return answer or self._refuse(Task(self.library, self.lexicon, q, scope, draft))

    def _respelled(self, q: Question, scope: Scope, draft: Draft) -> Answer | None:
        """The answer to the question with a misspelt item put right, which is said; None where that explains nothing.

        A word that people use for several printed items (水电费) is asked for as their sum.
        """
        for spoken, printed in self.lexicon.several.items():
            if spoken in q.text:
                answer = self._answer(q.text.replace(spoken, f"{'和'.join(printed)}一共"), draft, as_typed=True)
                return with_note(answer, f"“{spoken}”按{'、'.join(printed)}相加理解。") if answer.status is not Status.REFUSED else None
        if OF_RUNNING.search(q.text):
            answer = self._answer(OF_RUNNING.sub("基本支出中", q.text), draft, as_typed=True)
            return with_note(answer, "“公用经费里的”按基本支出中的理解。") if answer.status is Status.ANSWERED else None
        labels = [label for view in self.library.views(scope.groups[:NEAR]) for label in view.items]
        found = respelled(q.text, labels, q.spans)
        if found is None:
            return None
        answer = self._answer(q.text.replace(*found), draft, as_typed=True)
        return with_note(answer, f"“{found[0]}”按文件中的“{found[1]}”理解。") if answer.status is not Status.REFUSED else None

    def _handled(self, q: Question, scope: Scope, draft: Draft) -> Answer | None:
        """What the first handler says that has something to say."""
        with stage(UNDERSTAND):
            q = with_tables(q, named_tables(q.text, self.library.views(scope.groups[:NEAR])), self.lexicon)
            q = replace(q, ask=promote(q.ask, [view.rows for view in self.library.views(scope.groups[:NEAR])]))
        for handler in self._handlers(q, scope):
            answers = [
                (one.bodies[0] if one.bodies else "", a)
                for one in open_bodies(q, scope)
                if (a := self._one(handler, q, one, draft)) is not None
            ]
            if len(answers) > 1:
                answers = [(b, a) for b, a in answers if a.status is not Status.REFUSED] or answers[:1]
            if answers:
                note(f"{handler.__name__}: {answers[0][1].status}")
            if len(answers) == 1:
                return answers[0][1]
            if answers:
                return which(answers, draft.question, "您问的是哪一个单位？库中有几个单位都符合：")
        return None

    def _handlers(self, q: Question, scope: Scope) -> Sequence[Handler]:
        """Who is asked, in order. Where the question leaves a part out, only those that know how to."""
        own = HANDLERS[q.intent]
        if leaves_out(q.text):
            printed = (item for view in self.library.views(scope.groups[:NEAR]) for item in view.printed_items(q.ask))
            if not any(leaves_out(item) or "不含" in item for item in printed):
                return (answer_without, *(h for h in own if h in LEAVING_OUT))
        return (answer_empty, answer_disputes, answer_agree, answer_across, answer_completion, answer_gap, *own)

    def _one(self, handler: Handler, q: Question, scope: Scope, draft: Draft) -> Answer | None:
        """What a handler says of one body: of each of its documents by itself, where the question leaves open which."""
        documents = open_documents(q, scope) if handler in OF_ONE_DOCUMENT else [scope]
        answers = [(one.groups[0], a) for one in documents if (a := self._ask_handler(handler, q, one, draft)) is not None]
        if len(documents) == 1:
            return answers[0][1] if answers else None
        return one_answer(draft.question, answers) or self._ask_handler(handler, q, scope, draft)

    def _ask_handler(self, handler: Handler, q: Question, scope: Scope, draft: Draft) -> Answer | None:
        task = Task(self.library, self.lexicon, q, scope, Draft(draft.question, draft.views))
        answer = handler(task)
        if answer is not None:
            draft.covered_figures += task.draft.covered_figures
        return answer

    def _refuse(self, task: Task) -> Answer:
        searched = "、".join(dict.fromkeys(g.label for g in task.scope.groups[:4]))
        more = f"等{len(task.scope.groups)}份" if len(task.scope.groups) > 4 else ""
        return Draft(task.q.raw, task.draft.views).refused(
            Refusal.NOT_IN_DOCUMENTS, f"文件里没有写明这一项。已查：{searched}{more}的全部表格和正文。"
        )

    def _not_in_budgets(self, q: Question, scope: Scope) -> str | None:
        """What a budget cannot hold: names of persons, and executed amounts where only budgets are indexed."""
        if self.lexicon.asks("person", q.text):
            return "文件里没有人员姓名等信息。"
        titles_of = [self.library.infos[doc].title for g in scope.groups for doc in g.docs]
        titles = titles_of if WHOLE_YEAR.search(q.text) else []
        if titles and all(PART_OF_YEAR.search(t) for t in titles):
            return f"库里只有{titles[0]}，没有全年的数。"
        quarter = QUARTER.search(q.text)
        if quarter and titles_of and all(QUARTER.search(t) and not re.search(f"{quarter[1]}季度", t) for t in titles_of):
            return f"库里只有{titles_of[0]}。"
        final = any(g.kind.is_final for g in self.library.groups if g in scope.groups or (g.body in scope.bodies and g.year in q.years))
        if self.lexicon.asks("execution", q.text) and not final and "执行数" not in q.text and re.search(r"实际|执行率|决算|花完", q.text):
            return f"库里只有预算，没有决算，查不到实际支出和执行情况。{self._indexed()}"
        return None

    def _not_indexed(self, scope: Scope) -> str:
        missing = "、".join(scope.missing) or "相应"
        body = scope.bodies[0] if len(scope.bodies) == 1 else ""
        return f"库里没有{body}{missing}的文件。{self._indexed(scope.bodies)}"

    def _indexed(self, bodies: Sequence[str] = ()) -> str:
        """What is there instead, in one sentence."""
        groups = [g for g in self.library.groups if (g.body in bodies if bodies else g.body)] or list(self.library.groups)
        listed = "、".join(g.label for g in groups[:6])
        return f"现有：{listed}{'等' if len(groups) > 6 else ''}。"


def told_once(answers: Sequence[Answer]) -> list[Answer]:
    """A clause answered with the very cell of the one before it was not understood: it is refused, and that is said."""
    out: list[Answer] = []
    for answer in answers:
        first = answer.citations[0] if answer.status is Status.ANSWERED and len(answer.citations) and not answer.calculation else None
        again = first is not None and any(
            a.citations
            and replace(a.citations[0], n=0) == replace(first, n=0)
            and a.figures[:1]
            and answer.figures[:1]
            and a.figures[0].value == answer.figures[0].value
            for a in out
        )
        out.append(
            replace(answer, status=Status.REFUSED, answer="没有单独查到这一项。", figures=(), citations=(), notices=()) if again else answer
        )
    return out


def adds_nothing(whole: Answer, parts: Sequence[Answer]) -> bool:
    """True where the question taken as one tells no figure or place that its parts, taken alone, do not tell."""
    if whole.status is not Status.ANSWERED:
        return True
    told = {(f.value, f.unit) for a in parts for f in a.figures}
    quoted = {(c.doc, c.quote) for a in parts for c in a.citations}
    return all((f.value, f.unit) in told for f in whole.figures) and all((c.doc, c.quote) in quoted for c in whole.citations)


def with_these_units(scope: Scope, units: NamedUnits, library: Library) -> Scope:
    """Only the documents that have rows of the units named: 疾控中心 is the health office's, whatever else the place has."""
    if not units.labels or units.own:
        return scope
    groups = tuple(g for g in scope.groups if any(units.labels & set(view_units(v)) for v in library.views([g])))
    return replace(scope, groups=groups, bodies=tuple(dict.fromkeys(g.body for g in groups))) if groups else scope


def question_problem(question: str) -> str | None:
    """A sentence for what is no question; None for anything that can be tried."""
    text = flat(question)
    if not re.search(r"\w", text):
        return "请输入一个问题，例如：龙岗区对口帮扶预算多少？"
    odd = re.search(r"(?<!\d)(?![23]\d{6}年[初末底])\d{5,}(?=年)", text)
    if odd:
        return f"“{odd.group()}年”不是一个年份，请改正后再问，例如：龙岗区2024年对口帮扶预算多少？"
    if len(question) > LONGEST_QUESTION:
        return f"问题太长（{len(question)} 字），请缩短到 {LONGEST_QUESTION} 字以内，一次问一件事。"
    if not re.search(r"[\u4e00-\u9fff]", text):
        return "目前只回答中文问题，例如：龙岗区对口帮扶预算多少？ (Please ask in Chinese.)"
    return None
