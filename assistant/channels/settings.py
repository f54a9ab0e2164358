"""Credentials of the chat tools, from ``BUDGET_ASSISTANT_*`` environment variables; a channel without them is not started."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from index.settings import ENV_PREFIX


@dataclass(frozen=True)
class ChannelSettings:
    """``dingtalk_corp_id`` and ``feishu_tenant_key`` name the only tenant that is answered (WeCom's bot belongs to one)."""

    wecom_bot_id: str = ""
    wecom_secret: str = field(default="", repr=False)
    dingtalk_client_id: str = ""
    dingtalk_client_secret: str = field(default="", repr=False)
    dingtalk_corp_id: str = ""
    feishu_app_id: str = ""
    feishu_app_secret: str = field(default="", repr=False)
    feishu_tenant_key: str = ""

    @property
    def wanted(self) -> tuple[str, ...]:
        """The channels of which anything is set."""
        return tuple(name for name in NAMES if any(getattr(self, item) for item in self.of(name)))

    @staticmethod
    def of(channel: str) -> tuple[str, ...]:
        return tuple(item.name for item in fields(ChannelSettings) if item.name.startswith(channel))

    def missing(self, channel: str) -> tuple[str, ...]:
        """The environment variables of a channel that are not set."""
        return tuple(ENV_PREFIX + name.upper() for name in self.of(channel) if not getattr(self, name))


NAMES = ("wecom", "dingtalk", "feishu")


def load_channel_settings(environ: Mapping[str, str] | None = None) -> ChannelSettings:
    environ = os.environ if environ is None else environ
    return ChannelSettings(**{f.name: environ.get(ENV_PREFIX + f.name.upper(), "").strip() for f in fields(ChannelSettings)})
