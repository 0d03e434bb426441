"""What a browser need not offer to our pages: they ask for no camera, no place, no payment."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

CLOSED = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")


class PermissionsPolicy:
    """Middleware: `Permissions-Policy` on every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._policy = ", ".join(f"{feature}=()" for feature in CLOSED)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers["Permissions-Policy"] = self._policy
        return response
