"""``assistant channels check``: what is missing before a bot can run, step by step, in words an administrator can act on."""

from __future__ import annotations

import importlib.util
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from assistant.channels.settings import ChannelSettings

SECONDS = 8.0
SUBSCRIPTION = {"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"}
TITLES = {"wecom": "企业微信智能机器人", "dingtalk": "钉钉机器人（Stream 模式）", "feishu": "飞书机器人"}
MODULES = {"wecom": "aibot", "dingtalk": "dingtalk_stream", "feishu": "lark_channel"}
ADDRESSES = {"wecom": "https://openws.work.weixin.qq.com", "dingtalk": "https://api.dingtalk.com", "feishu": "https://open.feishu.cn"}
WHERE = {
    "BUDGET_ASSISTANT_WECOM_BOT_ID": "管理后台 → 安全与管理 → 管理工具 → 智能机器人 → API 模式、长连接，页面上的 Bot ID",
    "BUDGET_ASSISTANT_WECOM_SECRET": "同一页面的 Secret",
    "BUDGET_ASSISTANT_WECOM_CALLBACK_TOKEN": "智能机器人的 API 模式选 URL 回调，页面上的 Token",
    "BUDGET_ASSISTANT_WECOM_CALLBACK_AES_KEY": "同一页面的 EncodingAESKey，43 个字符",
    "BUDGET_ASSISTANT_FEISHU_ENCRYPT_KEY": "事件与回调 → 加密策略，Encrypt Key；不用 HTTP 回调就两项都不设",
    "BUDGET_ASSISTANT_FEISHU_VERIFICATION_TOKEN": "同一页面的 Verification Token",
    "BUDGET_ASSISTANT_DINGTALK_CLIENT_ID": "开放平台 → 应用开发 → 应用 → 凭证与基础信息，Client ID（原 AppKey）",
    "BUDGET_ASSISTANT_DINGTALK_CLIENT_SECRET": "同一页面的 Client Secret（原 AppSecret）",
    "BUDGET_ASSISTANT_DINGTALK_CORP_ID": "开放平台首页右上角的 CorpId；其他组织的消息一律不答",
    "BUDGET_ASSISTANT_FEISHU_APP_ID": "开发者后台 → 企业自建应用 → 凭证与基础信息，App ID",
    "BUDGET_ASSISTANT_FEISHU_APP_SECRET": "同一页面的 App Secret",
    "BUDGET_ASSISTANT_FEISHU_TENANT_KEY": "本企业的 tenant_key（接口“获取企业信息”可查）；其他企业的消息一律不答",
}
BY_HAND = {
    "wecom": ("机器人的可见范围包含要用它的人", "同一个机器人只能有一处连接：别处的连接会被挤掉"),
    "dingtalk": (
        "应用里已添加“机器人”能力，消息接收模式选 Stream",
        "应用已发布：没有发布时收不到员工编号，一律不答",
        "同一个应用只在一处运行",
    ),
    "feishu": (
        "应用里已添加“机器人”能力，事件订阅方式选长连接，并订阅 im.message.receive_v1",
        "已开通权限 im:message、im:message:send_as_bot、cardkit:card:write",
        "已开通权限 contact:user.employee_id:readonly：没有它就收不到员工编号，一律不答",
        "应用版本已发布并通过审核",
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    """``held`` None: only a person can look."""

    held: bool | None
    text: str


def check(channel: str, settings: ChannelSettings, linked: int, address: str = "") -> Iterator[Step]:
    """The steps of one channel; later ones are left out where they make no sense yet. ``linked`` people are entered for it."""
    address = address or ADDRESSES[channel]
    present = importlib.util.find_spec(MODULES[channel]) is not None
    install = f"pip install 'budget-assistant[{channel}]'"
    yield Step(present, "组件已安装" if present else f"缺少组件：请运行 {install}")
    called = channel == "wecom" and settings.wanted and "wecom" not in settings.wanted and "wecom_callback" in settings.wanted
    missing = settings.missing("wecom_callback" if called else channel)
    for name in missing:
        yield Step(False, f"缺少环境变量 {name}：{WHERE[name]}")
    if not missing:
        yield Step(True, "凭据都已设置")
    reached = reach(address)
    yield Step(reached is None, f"能连到 {urlsplit(address).hostname}" if reached is None else reached)
    if not missing and reached is None:
        yield from CREDENTIALS[channel](settings, address)
    told = f"已有 {linked} 人可以用" if linked else f"还没有人可以用：请运行 assistant users set NAME --link {channel}:那边的账号"
    yield Step(linked > 0, told)
    for text in BY_HAND[channel]:
        yield Step(None, f"请在管理后台确认：{text}")


def reach(address: str) -> str | None:
    """None where a (TLS) connection can be made; else what is in the way."""
    parts = urlsplit(address)
    secure = parts.scheme in ("https", "wss")
    host, port = str(parts.hostname), parts.port or (443 if secure else 80)
    try:
        with socket.create_connection((host, port), SECONDS) as plain:
            if secure:
                ssl.create_default_context().wrap_socket(plain, server_hostname=host).close()
    except socket.gaierror:
        return f"找不到 {host}：请检查本机的 DNS 和上网权限"
    except ssl.SSLError:
        return f"{host} 的证书不被信任：中间可能有代理，请把代理的证书加入系统"
    except OSError as error:
        return f"连不到 {host}:{port}（{error.strerror or type(error).__name__}）：请让防火墙放行"
    return None


# ---------------------------------------------------------------- what the vendor says to the credentials


def _wecom(settings: ChannelSettings, address: str) -> Iterator[Step]:
    yield Step(None, "凭据要连上才知道对不对（试连会挤掉正在用的连接）：启动 assistant serve 后看 /healthz 里的 wecom 是不是 up")


def _dingtalk(settings: ChannelSettings, address: str) -> Iterator[Step]:
    """Asks for the address of a connection, as the client does, and makes none."""
    key, secret = settings.dingtalk_client_id, settings.dingtalk_client_secret
    told = _call("POST", f"{address}/v1.0/oauth2/accessToken", {"appKey": key, "appSecret": secret})
    yield _taken(bool(told and told.get("accessToken")), told, "Client ID 和 Client Secret")
    if told and told.get("accessToken"):
        body = {"clientId": key, "clientSecret": secret, "subscriptions": [SUBSCRIPTION]}
        opened = _call("POST", f"{address}/v1.0/gateway/connections/open", body)
        yield from _connection(str((opened or {}).get("endpoint") or ""), opened, "机器人的消息接收模式是不是 Stream、应用是不是已发布")


def _feishu(settings: ChannelSettings, address: str) -> Iterator[Step]:
    """The same, and whether the application is a bot at all."""
    body = {"app_id": settings.feishu_app_id, "app_secret": settings.feishu_app_secret}
    told = _call("POST", f"{address}/open-apis/auth/v3/tenant_access_token/internal", body)
    token = (told or {}).get("tenant_access_token")
    yield _taken(bool(token), told, "App ID 和 App Secret")
    if not token:
        return
    bot = _call("GET", f"{address}/open-apis/bot/v3/info", headers={"Authorization": f"Bearer {token}"})
    held = bool(bot and bot.get("code") == 0)
    yield Step(
        held, "应用有“机器人”能力" if held else f"应用没有“机器人”能力（{_code(bot)}）：请在开发者后台添加应用能力 → 机器人，再发布版本"
    )
    if not settings.feishu_webhook:
        opened = _call(
            "POST", f"{address}/callback/ws/endpoint", {"AppID": settings.feishu_app_id, "AppSecret": settings.feishu_app_secret}
        )
        url = str(((opened or {}).get("data") or {}).get("URL") or "")
        yield from _connection(url, opened, "应用是不是企业自建应用、是不是已启用，连接有没有超过 50 个")


def _taken(taken: bool, told: dict[str, Any] | None, names: str) -> Step:
    return Step(taken, "凭据有效" if taken else f"凭据不对（{_code(told)}）：请重新复制 {names}，注意不要带空格")


def _connection(url: str, told: dict[str, Any] | None, look: str) -> Iterator[Step]:
    """The address of the long connection is often another host than the one that gives it."""
    if not url:
        yield Step(False, f"长连接被拒绝（{_code(told)}）：请看{look}")
        return
    trouble = reach(url)
    yield Step(trouble is None, f"长连接可以建立：能连到 {urlsplit(url).hostname}" if trouble is None else f"长连接的地址{trouble}")


def _code(told: dict[str, Any] | None) -> str:
    return str((told or {}).get("code", "没有回应"))


def _call(method: str, address: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None) -> dict[str, Any] | None:
    import httpx

    try:
        told = httpx.request(method, address, json=body, headers=headers, timeout=SECONDS, follow_redirects=False).json()
    except (httpx.HTTPError, ValueError):
        return None
    return told if isinstance(told, dict) else None


CREDENTIALS: dict[str, Callable[[ChannelSettings, str], Iterator[Step]]] = {"wecom": _wecom, "dingtalk": _dingtalk, "feishu": _feishu}


def linked_people(store: Path, channel: str) -> int:
    """How many people are entered for a channel; none where there is no store yet."""
    from assistant.access.store import FILE_NAME, AccessStore

    if not (store / FILE_NAME).exists():
        return 0
    access = AccessStore(store)
    try:
        known = [name for user in access.principals() if user.active for name, _ in access.identities(user.name)]
    finally:
        access.close()
    return known.count(channel)
