"""``assistant channels check`` and the channels inside ``assistant serve``: an administrator is told what to do next."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from assistant.__main__ import main
from assistant.access.gate import Gate
from assistant.api.app import make_app
from assistant.channels import check as check_module
from assistant.channels.check import ADDRESSES, WHERE, check
from assistant.channels.running import Channels
from assistant.channels.settings import NAMES, ChannelSettings, load_channel_settings
from index.errors import BudgetError

WHOLE = ChannelSettings(
    wecom_bot_id="b",
    wecom_secret="s",
    dingtalk_client_id="ck",
    dingtalk_client_secret="cs",
    dingtalk_corp_id="corp",
    feishu_app_id="cli_x",
    feishu_app_secret="as",
    feishu_tenant_key="t",
)


@pytest.fixture
def vendor() -> Iterator[Any]:
    """Both vendors' addresses: takes the secret ``cs`` or ``as`` alone; ``refused`` paths get an error in spite of it."""
    refused: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"{}")
            secret = body.get("appSecret") or body.get("app_secret") or body.get("clientSecret") or body.get("AppSecret")
            signed = self.headers["Authorization"] == "Bearer T"
            url = f"ws://127.0.0.1:{server.server_port}/ws"
            said = {"code": 0, "accessToken": "x", "tenant_access_token": "T", "endpoint": url, "data": {"URL": url}}
            if not (signed or secret in ("cs", "as")) or self.path in refused:
                said = {"code": "invalidClient"}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        do_GET = do_POST

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}", refused=refused)
    server.shutdown()


@pytest.mark.parametrize("name", ["dingtalk", "feishu"])
def test_credentials_are_tried(name: str, vendor: Any) -> None:
    pytest.importorskip(check_module.MODULES[name], reason=f"pip install -e '.[{name}]'")
    steps = list(check(name, WHOLE, 1, vendor.url))
    assert all(step.held is not False for step in steps) and any(step.text == "凭据有效" for step in steps)
    assert any(step.text.startswith("长连接可以建立") for step in steps)
    wrong = replace(WHOLE, dingtalk_client_secret="no", feishu_app_secret="no")
    refused = [step.text for step in check(name, wrong, 1, vendor.url) if step.held is False]
    assert len(refused) == 1 and "invalidClient" in refused[0]


@pytest.mark.parametrize(
    ("name", "path", "told"),
    [
        ("dingtalk", "/v1.0/gateway/connections/open", "Stream"),
        ("feishu", "/open-apis/bot/v3/info", "添加应用能力 → 机器人"),
        ("feishu", "/callback/ws/endpoint", "企业自建应用"),
    ],
)
def test_right_that_is_missing_is_told_with_where_to_give_it(name: str, path: str, told: str, vendor: Any) -> None:
    pytest.importorskip(check_module.MODULES[name], reason=f"pip install -e '.[{name}]'")
    vendor.refused.add(path)
    refused = [step.text for step in check(name, WHOLE, 1, vendor.url) if step.held is False]
    assert len(refused) == 1 and told in refused[0] and "invalidClient" in refused[0]


@pytest.mark.parametrize("name", NAMES)
def test_everything_missing_is_told_with_where_to_find_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_module, "SECONDS", 0.5)
    steps = list(check(name, ChannelSettings(), 0, "https://127.0.0.1:1"))
    told = "\n".join(step.text for step in steps if step.held is False)
    for variable in ChannelSettings().missing(name):
        assert variable in told and WHERE[variable] in told
    assert "防火墙" in told and f"--link {name}:" in told
    assert any(step.held is None for step in steps)


def test_command_says_it_in_chinese_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ADDRESSES, "wecom", "https://127.0.0.1:1")
    assert main(["channels", "check", "wecom", "--store", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert (
        said.startswith("企业微信智能机器人（wecom）\n")
        and "✗ 缺少环境变量 BUDGET_ASSISTANT_WECOM_SECRET" in said
        and "Traceback" not in said
    )


def test_secret_is_not_in_what_settings_print() -> None:
    settings = load_channel_settings({"BUDGET_ASSISTANT_WECOM_BOT_ID": "b", "BUDGET_ASSISTANT_WECOM_SECRET": "hush"})
    assert settings.wanted == ("wecom",) and "hush" not in repr(settings)


def test_channel_set_up_by_half_is_named(sample_store: Path, tmp_path: Path) -> None:
    gate = Gate.open(Path(shutil.copytree(sample_store, tmp_path / "store")))
    with pytest.raises(BudgetError, match="BUDGET_ASSISTANT_WECOM_SECRET"):
        Channels(gate, gate.index.folder, ChannelSettings(wecom_bot_id="b"))
    assert Channels(gate, gate.index.folder, ChannelSettings()).health() == {}
    gate.close()


def test_channel_that_is_down_shows_in_health_and_metrics_and_harms_nothing(
    sample_store: Path, tmp_path: Path, serve_app: Callable[[Any], AbstractContextManager[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("aibot", reason="pip install -e '.[wecom]'")
    from assistant.channels import wecom

    real = wecom.WeCom
    monkeypatch.setattr(wecom, "WeCom", lambda *words: real(*words, ws_url="wss://127.0.0.1:1"))
    gate = Gate.open(Path(shutil.copytree(sample_store, tmp_path / "store")))
    channels = Channels(gate, gate.index.folder, ChannelSettings(wecom_bot_id="b", wecom_secret="s"))
    channels.start()
    with serve_app(make_app(gate, channels=channels.health)) as url:
        assert httpx.get(f"{url}/healthz").json() == {"status": "ok", "channels": {"wecom": "down"}}
        assert 'budget_channel_up{channel="wecom"} 0.0' in httpx.get(f"{url}/metrics").text
        assert httpx.post(f"{url}/answers", json={"question": "龙岗区对口帮扶预算多少"}).json()["status"] == "answered"
    channels.stop()
    gate.close()
