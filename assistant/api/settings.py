"""How the service is run; from ``BUDGET_ASSISTANT_*`` environment variables, where secrets belong, too."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from urllib.parse import urlsplit

from assistant.access.limits import Rates
from index.errors import BudgetError
from index.settings import ENV_PREFIX

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
CHAT_BYTES = 256 * 1024
CALLBACK_BYTES = 64 * 1024


@dataclass(frozen=True)
class ServiceSettings:
    """Lists are comma-separated. ``public_url`` is the address by which users reach the service, for links to pages;
    ``hosts`` are the names it answers to (none: on a loopback address its own names, else any); ``proxies`` are the
    addresses whose ``X-Forwarded-For`` is believed; ``front_end_key`` checks the users that Open WebUI names.
    """

    public_url: str = ""
    hosts: str = ""
    proxies: str = ""
    front_end_key: str = field(default="", repr=False)
    ask_limit: str = "20/minute;500/day"
    at_once: int = 3

    def __post_init__(self) -> None:
        if self.public_url and (urlsplit(self.public_url).scheme not in ("http", "https") or not urlsplit(self.public_url).hostname):
            raise BudgetError(f"设置 {ENV_PREFIX}PUBLIC_URL 应是 http:// 或 https:// 开头的网址，现为 {self.public_url}")
        if self.front_end_key and len(self.front_end_key) < 32:
            raise BudgetError(f"设置 {ENV_PREFIX}FRONT_END_KEY 太短：请用 32 个以上的随机字符，并与前端的设置相同")
        if self.at_once < 1:
            raise BudgetError(f"设置 {ENV_PREFIX}AT_ONCE 应至少为 1")
        from limits import parse_many

        try:
            parse_many(self.ask_limit)
        except ValueError as error:
            raise BudgetError(f"设置 {ENV_PREFIX}ASK_LIMIT 的值 {self.ask_limit} 不对：请写成 20/minute;500/day 的样子") from error

    @property
    def rates(self) -> Rates:
        return Rates(ask=tuple(part.strip() for part in self.ask_limit.split(";") if part.strip()), at_once=self.at_once)

    def allowed_hosts(self, bound: str) -> frozenset[str] | None:
        """Names that a request may be addressed to, lower case, without port; None for any."""
        names = {name.strip().lower() for name in self.hosts.split(",") if name.strip()}
        if self.public_url:
            names.add(str(urlsplit(self.public_url).hostname).lower())
        if bound in LOOPBACK:
            return frozenset(names | LOOPBACK)
        return frozenset(names | {bound}) if names else None

    @property
    def trusted_proxies(self) -> list[str]:
        return [name.strip() for name in self.proxies.split(",") if name.strip()]


def load_service_settings(environ: Mapping[str, str] | None = None) -> ServiceSettings:
    """Raises BudgetError naming the setting that is wrong."""
    environ = os.environ if environ is None else environ
    values: dict[str, str | int] = {}
    for item in fields(ServiceSettings):
        text = environ.get(ENV_PREFIX + item.name.upper())
        if text is None:
            continue
        try:
            values[item.name] = int(text) if item.name == "at_once" else text.strip()
        except ValueError as error:
            raise BudgetError(f"设置 {ENV_PREFIX}{item.name.upper()} 的值 {text!r} 不是整数") from error
    return ServiceSettings(**values)  # type: ignore[arg-type]
