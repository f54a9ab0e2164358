"""Credentials of the chat tools, from ``BUDGET_ASSISTANT_*`` environment variables; a channel without them is not started."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from index.settings import ENV_PREFIX


@dataclass(frozen=True)
class ChannelSettings:
    """``dingtalk_corp_id`` and ``feishu_tenant_key`` name the only tenant that is answered (WeCom's bot belongs to one).

    WeCom calls back over HTTP where ``wecom_callback_*`` are set, Feishu where ``feishu_encrypt_key`` and its token are.
    """

    wecom_bot_id: str = ""
    wecom_secret: str = field(default="", repr=False)
    wecom_callback_token: str = field(default="", repr=False)
    wecom_callback_aes_key: str = field(default="", repr=False)
    dingtalk_client_id: str = ""
    dingtalk_client_secret: str = field(default="", repr=False)
    dingtalk_corp_id: str = ""
    feishu_app_id: str = ""
    feishu_app_secret: str = field(default="", repr=False)
    feishu_tenant_key: str = ""
    feishu_encrypt_key: str = field(default="", repr=False)
    feishu_verification_token: str = field(default="", repr=False)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The channels of which anything is set."""
        return tuple(name for name, needed in NEEDED.items() if any(getattr(self, item) for item in needed))

    @property
    def feishu_webhook(self) -> bool:
        """Feishu calls us instead of being connected to."""
        return bool(self.feishu_encrypt_key or self.feishu_verification_token)

    def missing(self, channel: str) -> tuple[str, ...]:
        """The environment variables of a channel that are not set."""
        needed = NEEDED[channel] + (FEISHU_WEBHOOK if channel == "feishu" and self.feishu_webhook else ())
        return tuple(ENV_PREFIX + name.upper() for name in needed if not getattr(self, name))


NAMES = ("wecom", "dingtalk", "feishu")
NEEDED = {
    "wecom": ("wecom_bot_id", "wecom_secret"),
    "wecom_callback": ("wecom_callback_token", "wecom_callback_aes_key"),
    "dingtalk": ("dingtalk_client_id", "dingtalk_client_secret", "dingtalk_corp_id"),
    "feishu": ("feishu_app_id", "feishu_app_secret", "feishu_tenant_key"),
}
FEISHU_WEBHOOK = ("feishu_encrypt_key", "feishu_verification_token")


def load_channel_settings(environ: Mapping[str, str] | None = None) -> ChannelSettings:
    environ = os.environ if environ is None else environ
    return ChannelSettings(**{f.name: environ.get(ENV_PREFIX + f.name.upper(), "").strip() for f in fields(ChannelSettings)})
