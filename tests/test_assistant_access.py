"""Access: who is recognised, who reads what, and a log that nobody rewrites. Real store of the samples, real argon2."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from assistant.access import credentials, store
from assistant.access.domain import EVERY_DOCUMENT, EVERYBODY, LOCAL, VISITOR, AccessError, Kind, NotRecognised, Role, Scope, TooMany
from assistant.access.gate import WITHDRAWN, Gate
from assistant.access.limits import Limiter, Rates
from assistant.access.log import FILE_NAME as LOG_FILE
from assistant.access.replay import replay
from assistant.access.store import FILE_NAME, AccessStore
from assistant.access.visible import visible
from assistant.domain import Citation, Status
from index.errors import StoreError

LG, SZ = "sample-lg-2024", "sample-sz-2024"
ASK_LG, ASK_SZ = "龙岗区对口帮扶预算多少", "深圳市工业和信息化局公务接待费预算多少"
PASSWORD = "correct horse battery"


@pytest.fixture
def folder(sample_store: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample_store, tmp_path / "store"))


@pytest.fixture
def gate(folder: Path) -> Iterator[Gate]:
    gate = Gate.open(folder)
    yield gate
    gate.close()


@pytest.fixture
def closed(gate: Gate) -> Gate:
    """Two users, each with one of the two documents."""
    gate.access.add("zhang")
    gate.access.add("li")
    gate.access.grant(LG, "zhang")
    gate.access.grant(SZ, "li")
    return gate


# ---------------------------------------------------------------- recognised or not


def test_open_until_somebody_is_entered_and_never_again(gate: Gate) -> None:
    assert gate.access.open and gate.by_token(None)[0] == LOCAL
    assert gate.ask(LOCAL, ASK_LG).status is Status.ANSWERED
    gate.access.add("zhang")
    gate.access.set_active("zhang", False)
    assert not gate.access.open
    with pytest.raises(NotRecognised):
        gate.by_token(None)


def test_token_is_kept_as_a_hash_alone(gate: Gate, folder: Path) -> None:
    gate.access.add("zhang")
    text, token = gate.access.add_token("zhang", [Scope.ASK])
    assert text.startswith("bq_") and len(text) > 40
    assert gate.by_token(text) == (gate.access.principal("zhang"), frozenset({Scope.ASK}))
    gate.close()
    held = b"".join(path.read_bytes() for path in folder.glob("*.sqlite*"))
    assert text.encode() not in held and credentials.token_hash(text).encode() in held
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / LOG_FILE).stat().st_mode) == 0o600
    assert token.last_used is None


def test_revoked_expired_unknown_and_switched_off_are_told_alike(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b", "c"):
        gate.access.add(name)
    revoked, kept = gate.access.add_token("a")
    gate.access.revoke(kept.id)
    expired, _ = gate.access.add_token("b", days=1)
    off, _ = gate.access.add_token("c")
    gate.access.set_active("c", False)
    later = store.now() + timedelta(days=1)
    assert gate.by_token(expired)[0].name == "b"
    monkeypatch.setattr(store, "now", lambda: later)
    said = set()
    for text in (revoked, expired, off, "bq_nobody", "\ud800", "a" * 100_000):
        with pytest.raises(NotRecognised) as refused:
            gate.by_token(text)
        said.add(str(refused.value))
    assert len(said) == 1
    assert [line.kind for line in gate.log.lines()] == ["refused"] * 6


def test_password_is_checked_and_tried_only_so_often(gate: Gate) -> None:
    gate.access.add("zhang")
    with pytest.raises(AccessError, match="10"):
        gate.access.set_password("zhang", "short")
    gate.access.set_password("zhang", PASSWORD)
    assert gate.login("zhang", PASSWORD, "10.0.0.1").name == "zhang"
    for name, password in (("zhang", "wrong password"), ("nobody", PASSWORD), ("zhang", "")):
        with pytest.raises(NotRecognised, match="用户名或密码不对"):
            gate.login(name, password, "10.0.0.1")
    with pytest.raises(NotRecognised):
        gate.login("zhang", "x" * 100_000, "10.0.0.2")
    gate.login("zhang", PASSWORD, "10.0.0.2")
    with pytest.raises(TooMany) as stopped:
        gate.login("zhang", PASSWORD, "10.0.0.3")
    assert 1 <= stopped.value.wait <= 60


def test_user_without_password_cannot_sign_in_with_any(gate: Gate) -> None:
    gate.access.add("zhang")
    with pytest.raises(NotRecognised):
        gate.login("zhang", "")
    gate.access.add("bot", Kind.SERVICE)
    with pytest.raises(AccessError, match="不是用户"):
        gate.access.set_password("bot", PASSWORD)


def test_session_ends_with_a_new_password_or_a_user_switched_off(gate: Gate) -> None:
    gate.access.add("zhang")
    zhang = gate.access.principal("zhang")
    cookie = gate.session(zhang)
    assert gate.by_session(cookie) == zhang
    gate.access.set_password("zhang", PASSWORD)
    with pytest.raises(NotRecognised):
        gate.by_session(cookie)
    cookie = gate.session(zhang)
    gate.access.set_active("zhang", False)
    with pytest.raises(NotRecognised):
        gate.by_session(cookie)


@pytest.mark.parametrize("trick", ["other key", "no signature", "issuer", "late", "no expiry", "not a token", "empty"])
def test_forged_session_is_refused(gate: Gate, trick: str) -> None:
    gate.access.add("zhang", admin=True)
    claims: dict[str, object] = {"iss": credentials.SESSION_ISSUER, "sub": "zhang", "epoch": 0, "exp": 4_000_000_000}
    key = gate.access.key()
    good = jwt.encode(claims, key, "HS256")
    assert gate.by_session(good).name == "zhang"
    tricks: dict[str, Callable[[], str]] = {
        "other key": lambda: jwt.encode(claims, "k" * 64, "HS256"),
        "no signature": lambda: jwt.encode(claims, "", "none"),
        "issuer": lambda: jwt.encode(claims | {"iss": "open-webui"}, key, "HS256"),
        "late": lambda: jwt.encode(claims | {"exp": 1}, key, "HS256"),
        "no expiry": lambda: jwt.encode({k: v for k, v in claims.items() if k != "exp"}, key, "HS256"),
        "not a token": lambda: "abc.def.ghi",
        "empty": lambda: "",
    }
    with pytest.raises(NotRecognised):
        gate.by_session(tricks[trick]())


@pytest.mark.parametrize("name", ["", "*", "local", "a b", "a" * 65, "a/b", "a\n", "x'; DROP TABLE principals"])
def test_name_that_cannot_be_given(gate: Gate, name: str) -> None:
    with pytest.raises(AccessError):
        gate.access.add(name)


def test_chat_identity_is_somebody_only_once_entered(gate: Gate) -> None:
    gate.access.add("zhang")
    with pytest.raises(NotRecognised):
        gate.by_identity("wecom", "ZhangSan")
    gate.access.link("wecom", "ZhangSan", "zhang")
    assert gate.by_identity("wecom", "ZhangSan").name == "zhang"
    with pytest.raises(NotRecognised):
        gate.by_identity("dingtalk", "ZhangSan")
    assert [(line.kind, line.who) for line in gate.log.lines()] == [("refused", "ZhangSan")] * 2


# ---------------------------------------------------------------- who reads what


def test_document_without_rights_is_read_by_administrators_alone(gate: Gate) -> None:
    zhang, chief = gate.access.add("zhang"), gate.access.add("chief", admin=True)
    assert gate.documents(zhang) == [] and len(gate.documents(chief)) == 2
    gate.access.grant(EVERY_DOCUMENT, EVERYBODY)
    assert len(gate.documents(zhang)) == len(gate.documents(VISITOR)) == 2
    gate.access.grant(LG, "chief", Role.OWNER)  # a rule of its own takes it out of the general one
    assert [info.doc_id for info in gate.documents(zhang)] == [SZ]
    gate.access.withdraw(LG)
    assert len(gate.documents(zhang)) == 2


def test_right_of_a_group_is_its_members_while_they_belong(gate: Gate) -> None:
    gate.access.add("audit", Kind.GROUP)
    gate.access.add("zhang", groups=["audit"])
    gate.access.grant(LG, "audit", Role.OWNER)
    assert gate.may_read(gate.access.principal("zhang"), LG) and gate.access.owns(gate.access.principal("zhang"), LG)
    gate.access.set_active("audit", False)
    assert not gate.may_read(gate.access.principal("zhang"), LG)
    gate.access.set_active("audit", True)
    gate.access.join("zhang", [], leave=["audit"])
    assert not gate.may_read(gate.access.principal("zhang"), LG)


def test_document_of_another_is_like_one_that_does_not_exist(closed: Gate, folder: Path) -> None:
    zhang, li = closed.access.principal("zhang"), closed.access.principal("li")
    assert closed.ask(zhang, ASK_LG).figures[0].value == closed.ask(LOCAL, ASK_LG).figures[0].value
    refused = closed.ask(li, ASK_LG)
    assert refused.status is Status.REFUSED and not refused.figures and not refused.citations
    assert "9,233.81" not in refused.answer and "龙岗区工业和信息化局2024" not in refused.answer
    from index.build import remove

    remove(folder, LG)
    gone = closed.ask(li, ASK_LG)
    assert (gone.answer, gone.refusal, gone.options) == (refused.answer, refused.refusal, refused.options)
    assert gone.trace == refused.trace  # the same steps were taken, so that the time tells nothing either


def test_question_about_another_does_not_touch_it(closed: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by answer, count or time: nothing of the document is loaded, whatever is asked."""
    li = closed.access.principal("li")
    touched: list[str] = []
    for name in ("document", "figures", "proofs", "sections"):
        real = getattr(closed.index, name)
        monkeypatch.setattr(closed.index, name, lambda doc, real=real: (touched.append(doc), real(doc))[1])
    for question in (
        ASK_LG,
        "深圳和龙岗的三公经费谁多",
        "一共有几个单位的预算",
        "有多少份文件",
        "哪个单位的项目支出最多",
        "对口帮扶为什么增加",
    ):
        answer = closed.ask(li, question)
        assert "龙岗区工业和信息化局2024" not in answer.answer and not any(
            str(f.value) == "2" and f.unit in "个家份" for f in answer.figures
        )
    assert touched and set(touched) == {SZ}


def test_text_search_finds_nothing_of_another(closed: Gate) -> None:
    seen = visible(closed.index, frozenset({SZ}))
    assert {hit.chunk.doc_id for hit in seen.search("对口帮扶 龙岗区", 50)} == {SZ}
    assert seen.search("对口帮扶", 50, [LG]) == [] and visible(closed.index, frozenset()).search("对口帮扶") == []
    for read in (seen.document, seen.figures, seen.proofs, seen.sections):
        with pytest.raises(StoreError) as unknown:
            read(LG)
        assert LG not in str(unknown.value).split("现有")[1]


def test_comparison_names_no_figure_of_another(closed: Gate) -> None:
    for question in ("深圳和龙岗的三公经费谁多", "各单位三公经费合计多少", "哪个单位的项目支出最多", "库里有哪些文件"):
        answer = closed.ask(closed.access.principal("li"), question)
        assert {c.doc for c in answer.citations} <= {SZ}
        assert "17.00" not in answer.answer and LG not in answer.answer


def test_history_opens_nothing(closed: Gate) -> None:
    turns = [{"role": "user", "content": ASK_LG}, {"role": "assistant", "content": "对口帮扶9,233.81万元[1]"}]
    answer = closed.ask(closed.access.principal("li"), "那比去年增加多少", turns)
    assert {c.doc for c in answer.citations} <= {SZ} and "4,339.81" not in answer.answer


def test_right_withdrawn_in_mid_answer_is_not_cited(closed: Gate) -> None:
    zhang = closed.access.principal("zhang")
    answer = closed.ask(zhang, ASK_LG)
    closed.access.withdraw(LG, "zhang")
    late = closed._citable(zhang, answer)
    assert late.status is Status.REFUSED and late.answer == WITHDRAWN and not late.citations and not late.figures
    closed.access.grant(LG, "zhang")
    closed.access.set_active("zhang", False)
    assert closed._citable(zhang, answer).status is Status.REFUSED


def test_users_with_the_same_rights_share_what_was_prepared(closed: Gate) -> None:
    closed.access.add("wang")
    closed.access.grant(LG, "wang")
    one, other = (closed._assistant(closed.readable(closed.access.principal(name))) for name in ("zhang", "wang"))
    assert one is other
    for number in range(30):
        closed._assistant(frozenset({str(number)}))
    assert len(closed._kept) <= 8


def test_building_the_index_again_keeps_users_rights_and_log(closed: Gate, folder: Path, sample_store: Path) -> None:
    from index.stores.writing import take_over

    closed.ask(LOCAL, ASK_LG)
    fresh = Path(shutil.copytree(sample_store, folder / ".rebuild"))
    take_over(fresh, folder)
    again = Gate.open(folder)
    assert again.may_read(again.access.principal("zhang"), LG) and again.log.check() == 1
    again.close()


def test_access_file_of_a_newer_version_or_damaged_is_refused(tmp_path: Path) -> None:
    AccessStore(tmp_path).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match="更新的版本"):
        AccessStore(tmp_path)
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 100)
    for leftover in tmp_path.glob("*-wal"):
        leftover.unlink()
    with pytest.raises(StoreError, match=FILE_NAME):
        AccessStore(tmp_path)
    with pytest.raises(StoreError, match="打不开"):
        AccessStore(tmp_path / "nowhere")


# ---------------------------------------------------------------- the log


def test_log_replays_to_the_same_answer(closed: Gate) -> None:
    zhang = closed.access.principal("zhang")
    first = closed.ask(zhang, ASK_LG, channel="api", request={"chat": "c1"})
    turns = [{"role": "user", "content": ASK_LG}]
    second = closed.ask(zhang, "那比去年增加多少", turns, channel="api")
    for answer in (first, second, closed.ask(zhang, ASK_SZ, channel="api")):
        assert answer.id is not None
        again = replay(closed.log, closed.index, answer.id)
        assert not again.differs and not again.changes and again.answer.answer == answer.answer
    line = closed.log.line(str(first.id))
    assert (line.who, line.channel, line.body["request"]) == ("zhang", "api", {"chat": "c1"})
    assert line.body["documents"] == {LG: closed.index.documents()[0].sha256} and line.body["understood"]
    assert line.body["answer"]["citations"][0]["quote"] == "9,233.81"


def test_replay_says_what_has_changed(closed: Gate, folder: Path) -> None:
    from index.build import remove

    answer = closed.ask(closed.access.principal("zhang"), ASK_LG)
    remove(folder, LG)
    again = replay(closed.log, closed.index, str(answer.id))
    assert "answer" in again.differs and again.changes == (f"文件 {LG} 已不在索引里",)


def test_replay_uses_the_rights_of_then(closed: Gate) -> None:
    answer = closed.ask(closed.access.principal("li"), ASK_LG)
    closed.access.grant(LG, "li")
    assert not replay(closed.log, closed.index, str(answer.id)).differs


def test_log_is_only_added_to(closed: Gate, folder: Path) -> None:
    for question in (ASK_LG, ASK_SZ, "你好"):
        closed.ask(LOCAL, question)
    assert closed.log.check() == 3
    db = sqlite3.connect(folder / LOG_FILE)
    for statement in ("UPDATE lines SET who = 'x'", "DELETE FROM lines", "DELETE FROM visible", "UPDATE visible SET documents = '{}'"):
        with pytest.raises(sqlite3.IntegrityError, match="only added"):
            db.execute(statement)
    db.execute("DROP TRIGGER lines_remain")
    db.execute("DELETE FROM lines WHERE number = 2")
    db.commit()
    with pytest.raises(AccessError, match="第 3 条"):
        closed.log.check()
    db.close()


# ---------------------------------------------------------------- limits


def test_limits_are_each_users_own() -> None:
    limiter = Limiter(Rates(ask=("2/minute", "3/day"), at_once=2))
    limiter.hit("ask", "zhang")
    limiter.hit("ask", "zhang")
    with pytest.raises(TooMany) as stopped:
        limiter.hit("ask", "zhang")
    assert 1 <= stopped.value.wait <= 60
    limiter.hit("ask", "li")
    with limiter.running("zhang"), limiter.running("zhang"), limiter.running("li"), pytest.raises(TooMany), limiter.running("zhang"):
        pass
    with limiter.running("zhang"), limiter.running("zhang"):
        pass


def test_citation_of_nothing_readable_is_never_handed_out(closed: Gate) -> None:
    answer = closed.ask(closed.access.principal("zhang"), ASK_LG)
    mixed = replace(answer, citations=(*answer.citations, Citation(9, SZ, "", "133.00", page=1)))
    assert closed._citable(closed.access.principal("zhang"), mixed).status is Status.REFUSED
