"""The mails that a log-in with an exposed password leads to, and how many of them one account may get."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

from django.contrib.auth import get_user_model  # type: ignore[import-untyped]
from django.contrib.auth.forms import PasswordResetForm  # type: ignore[import-untyped]
from django.contrib.auth.views import PasswordResetView  # type: ignore[import-untyped]
from django.contrib.sites.shortcuts import get_current_site  # type: ignore[import-untyped]
from django.core.cache import caches  # type: ignore[import-untyped]
from django.core.mail import send_mail  # type: ignore[import-untyped]
from django.template import TemplateDoesNotExist  # type: ignore[import-untyped]
from django.template.loader import render_to_string  # type: ignore[import-untyped]
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse  # type: ignore[import-untyped]
from django.utils.crypto import salted_hmac  # type: ignore[import-untyped]
from django.utils.module_loading import import_string  # type: ignore[import-untyped]

from breachdex.django import words
from breachdex.django.conf import settings

Mail: TypeAlias = Literal["reset", "notify"]

logger: Final = logging.getLogger("breachdex")


def reset(user: Any, address: str, request: Any) -> None:
    """Sends the site's password-reset mail, unless the account got one of these lately."""

    def send() -> object:
        chosen = settings().reset_mail
        function = import_string(chosen) if isinstance(chosen, str) else chosen or send_reset_mail
        return function(user, address, request)

    _once("reset", user, send)


def notify(user: Any, address: str, request: Any) -> None:
    """Tells the owner, unless the account got one of these lately."""
    _once("notify", user, lambda: _send_notification(address, request))


def send_reset_mail(user: Any, address: str, request: Any) -> None:
    """The stock mail: what the view under the URL name ``password_reset`` would send to this user, with its form,
    templates and token generator, and to no other address and no other user of the same address."""
    view = _reset_view()
    form = _for_one(view.form_class, user, address)({"email": address})
    # As is_valid() leaves it. A site's form may want a captcha, too, which nobody is here to solve.
    form.cleaned_data = {"email": address}
    form.save(
        use_https=request is not None and request.is_secure(),
        token_generator=view.token_generator,
        from_email=view.from_email,
        email_template_name=view.email_template_name,
        subject_template_name=view.subject_template_name,
        request=request,
        html_email_template_name=view.html_email_template_name,
        extra_email_context=view.extra_email_context,
    )


def missing_for_reset() -> str | None:
    """What the stock reset mail needs and the project does not have, a template or a URL; ``None`` where nothing is missing, and
    where the mail is the project's own."""
    view = _reset_view()
    form = view.form_class
    if settings().reset_mail is not None or any(
        getattr(form, name, None) is not getattr(PasswordResetForm, name) for name in ("save", "send_mail")
    ):
        return None
    who: dict[str, Any] = {"email": "user@example.com", "domain": "example.com", "site_name": "example.com"}
    # Both look like real ones, for URLs with a pattern.
    link = {"uid": "MQ", "token": f"d0m5qj-{'0' * 32}", "protocol": "https"}
    context = {**who, **link, "user": get_user_model()(), **(view.extra_email_context or {})}
    names = (view.subject_template_name, view.email_template_name, view.html_email_template_name)
    try:
        for name in filter(None, names):
            render_to_string(name, context)
    except TemplateDoesNotExist as error:
        return f"the template {error}"
    except NoReverseMatch as error:
        return f"a URL ({error})"
    except Exception:  # noqa: BLE001
        # A template of the project's own may want more than a made-up user has.
        return None
    return None


def _reset_view() -> Any:
    try:
        # URLs begin with the prefix of the script, which the resolver never sees.
        path = "/" + reverse("password_reset").removeprefix(get_script_prefix())
        found = resolve(path).func
    except (NoReverseMatch, Resolver404):
        return PasswordResetView()
    kind = getattr(found, "view_class", None)
    if isinstance(kind, type) and issubclass(kind, PasswordResetView):
        return kind(**getattr(found, "view_initkwargs", {}))
    return PasswordResetView()


def _for_one(form_class: Any, user: Any, address: str) -> Any:
    class FormForOne(form_class):  # type: ignore[misc]
        def get_users(self, email: str) -> list[Any]:
            return [user]

        def send_mail(
            self, subject: str, body: str, context: Any, sender: Any, _: str, *rest: Any, **more: Any
        ) -> Any:
            return super().send_mail(subject, body, context, sender, address, *rest, **more)

    return FormForOne


def _send_notification(address: str, request: Any) -> None:
    site = get_current_site(request)
    context = {
        "subject": words.text("notify_subject"),
        "message": words.text("notify_mail") % {"site_name": site.name},
        "site_name": site.name,
        "domain": site.domain,
        "protocol": "https" if request is not None and request.is_secure() else "http",
    }
    subject = render_to_string("breachdex/exposed_password_subject.txt", context)
    body = render_to_string("breachdex/exposed_password_email.txt", context)
    send_mail("".join(subject.splitlines()), body, None, [address])


def _once(kind: Mail, user: Any, send: Callable[[], object]) -> None:
    key = _key(kind, user)
    if not _claimed(kind, key):
        return
    try:
        send()
    except Exception as error:  # noqa: BLE001
        # Neither who it is nor the error's words, which may hold the address: whoever is concerned is a target.
        logger.error(
            "the mail about an account's password could not be sent (%s); its owner can still use the site's "
            "password-reset page",
            type(error).__name__,
        )
        _release(key)


def _key(kind: Mail, user: Any) -> str:
    who = f"{kind}:{user._meta.label_lower}:{user.pk}"
    return f"breachdex:{salted_hmac('breachdex.django.mails', who, algorithm='sha256').hexdigest()}"


def _claimed(kind: Mail, key: str) -> bool:
    chosen = settings()
    try:
        return bool(caches[chosen.cache].add(key, 1, timeout=round(chosen.reset_mail_hours * 3600)))
    except Exception as error:  # noqa: BLE001
        logger.error("the cache that limits mails about passwords failed (%s)", type(error).__name__)
        # The old password is dead by now, so that nobody can ask for a second reset mail with it.
        return kind == "reset"


def _release(key: str) -> None:
    try:
        caches[settings().cache].delete(key)
    except Exception as error:  # noqa: BLE001
        logger.error("the cache that limits mails about passwords failed (%s)", type(error).__name__)
