"""Errors in the shape that OpenAI's clients understand, for every route."""

from __future__ import annotations

from fastapi.responses import JSONResponse

KINDS = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error", 404: "invalid_request_error"}


class ApiError(Exception):
    """What a client is told. ``message`` is for people and never repeats what was sent."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers

    def body(self) -> dict[str, dict[str, str | None]]:
        kind = KINDS.get(self.status, "rate_limit_error" if self.status == 429 else "server_error" if self.status >= 500 else KINDS[400])
        return {"error": {"message": self.message, "type": kind, "param": None, "code": self.code}}

    def response(self) -> JSONResponse:
        return JSONResponse(self.body(), self.status, headers=self.headers)


def unauthorised(message: str) -> ApiError:
    return ApiError(401, "invalid_api_key", message, {"WWW-Authenticate": "Bearer"})


def too_many(message: str, wait: int) -> ApiError:
    return ApiError(429, "rate_limit_exceeded", message, {"Retry-After": str(wait)})


NOT_FOUND = ApiError(404, "not_found", "没有这个地址，或没有这份文件、这一页")
BAD_REQUEST = ApiError(400, "bad_request", "请求的格式不对：请按 /openapi.json 的说明填写")
TOO_LARGE = ApiError(413, "request_too_large", "请求太大")
TOO_SLOW = ApiError(408, "request_timeout", "请求发送得太慢")
WRONG_HOST = ApiError(421, "wrong_host", "本服务不使用这个域名：管理员可用 BUDGET_ASSISTANT_HOSTS 添加")
FOREIGN_ORIGIN = ApiError(403, "foreign_origin", "不接受其他网站发来的请求")
FAILED = ApiError(500, "internal_error", "内部错误，没有得到答案；详情见服务器的日志")
LATE = ApiError(503, "timeout", "用时太长，没有得到答案：请稍后再试", {"Retry-After": "5"})
