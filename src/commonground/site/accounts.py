"""Signing in and out: for the persons of the cities, whose accounts the operator makes in the admin."""

from __future__ import annotations

from math import ceil
from typing import Final

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from commonground.pages.errors import too_many
from commonground.pages.limits import Bucket, client

TRIES: Final = 10
"""So many at once, of one name from one address; then one every half minute."""
_PAUSE: Final = 30
_tries = Bucket(1 / _PAUSE, most=TRIES)


@method_decorator(never_cache, name="dispatch")
class SignIn(LoginView):
    """Sign in, for city staff."""

    template_name = "site/sign_in.html"
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: str, **kwargs: str) -> HttpResponse:
        """Try a password. Guessing is slow: 429 after ten wrong tries."""
        wait = _tries.take(_who(request))
        return too_many(request, wait=ceil(wait)) if wait else super().post(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Who knows the password is no guesser."""
        _tries.forget(_who(self.request))
        return super().form_valid(form)


def _who(request: HttpRequest) -> str:
    return f"{client(request)} {request.POST.get('username', '').casefold()}"


class SignOut(LogoutView):
    """Sign out, by a form."""
