"""Every address of the shop."""

from __future__ import annotations

from django.conf import settings
from django.contrib.staticfiles.views import serve
from django.urls import include, path
from goods.views import home

urlpatterns = [
    path("", home, name="home"),
    path("language/", include("django.conf.urls.i18n")),
    path("members/", include("members.urls")),
]
if settings.SHOWCASE:
    from members.letterbox import letterbox

    urlpatterns += [
        path("letterbox/", letterbox, name="letterbox"),
        path("static/<path:path>", serve, {"insecure": True}),
    ]
