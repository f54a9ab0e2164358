"""The chat channels of one service: made from the settings, started and stopped together, their health in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.access.gate import Gate
from assistant.channels.domain import Channel
from assistant.channels.inbox import Inbox, OnAnswer
from assistant.channels.settings import ChannelSettings
from assistant.domain import Citation
from index.errors import BudgetError


class Channels:
    """``page_path`` gives the path of a citation's page; links are made where ``public_url`` is set."""

    def __init__(
        self,
        gate: Gate,
        folder: Path,
        settings: ChannelSettings,
        page_path: Callable[[Citation], str | None] = lambda citation: None,
        public_url: str = "",
        on_answer: OnAnswer = lambda channel, status, ms: None,
    ) -> None:
        """Raises BudgetError where a channel is set up by half, or its package is missing."""
        base = public_url.rstrip("/")

        def page_url(citation: Citation) -> str | None:
            path = page_path(citation)
            return base + path if base and path else None

        for name in settings.wanted:
            if missing := settings.missing(name):
                raise BudgetError(f"聊天渠道 {name} 缺少设置 {'、'.join(missing)}：请补上，或运行 assistant channels check {name}")
        self.inbox = Inbox(gate, folder, page_url, on_answer=on_answer) if settings.wanted else None
        self.all: list[Channel] = [MAKERS[name](settings, self.inbox) for name in settings.wanted] if self.inbox else []

    def start(self) -> None:
        if self.inbox:
            self.inbox.start(self.all)
        for channel in self.all:
            channel.start()

    def stop(self) -> None:
        for channel in self.all:
            channel.stop()
        if self.inbox:
            self.inbox.stop()

    def routers(self) -> list[Any]:
        """FastAPI's, for the channels that are called over HTTP."""
        called = [channel for channel in self.all if hasattr(channel, "receive")]
        if not called:
            return []
        from assistant.channels.callbacks import FeishuWebhook, WeComCallback, make_router

        wecom = next((channel for channel in called if isinstance(channel, WeComCallback)), None)
        return [make_router(wecom, next((channel for channel in called if isinstance(channel, FeishuWebhook)), None))]

    def health(self) -> dict[str, str]:
        return {channel.name: channel.health() for channel in self.all}


def _wecom(settings: ChannelSettings, inbox: Inbox) -> Channel:
    from assistant.channels.wecom import WeCom

    return WeCom(settings.wecom_bot_id, settings.wecom_secret, inbox)


def _dingtalk(settings: ChannelSettings, inbox: Inbox) -> Channel:
    from assistant.channels.dingtalk import DingTalk

    return DingTalk(settings.dingtalk_client_id, settings.dingtalk_client_secret, settings.dingtalk_corp_id, inbox)


def _feishu(settings: ChannelSettings, inbox: Inbox) -> Channel:
    bot = (settings.feishu_app_id, settings.feishu_app_secret, settings.feishu_tenant_key, inbox)
    if settings.feishu_webhook:
        from assistant.channels.callbacks import FeishuWebhook

        return FeishuWebhook(settings.feishu_encrypt_key, settings.feishu_verification_token, *bot)
    from assistant.channels.feishu import Feishu

    return Feishu(*bot)


def _wecom_callback(settings: ChannelSettings, inbox: Inbox) -> Channel:
    from assistant.channels.callbacks import WeComCallback

    return WeComCallback(settings.wecom_callback_token, settings.wecom_callback_aes_key, inbox)


MAKERS: dict[str, Callable[[ChannelSettings, Inbox], Channel]] = {
    "wecom": _wecom,
    "wecom_callback": _wecom_callback,
    "dingtalk": _dingtalk,
    "feishu": _feishu,
}
