"""How fields look: passwords with a button that shows them, everything else as Django has it."""

from __future__ import annotations

from django import forms
from django.forms.renderers import TemplatesSetting


class ShopForms(TemplatesSetting):
    """Lets the project's own templates draw fields and widgets."""

    field_template_name = "forms/field.html"


class ShowablePassword(forms.PasswordInput):
    """A password that can be looked at before it is sent.

    Shown, it is a text field: what browsers do with text (spelling services, capital letters) stays off.
    """

    template_name = "forms/password.html"

    def __init__(self, autocomplete: str) -> None:
        super().__init__(
            attrs={
                "autocomplete": autocomplete,
                "autocapitalize": "none",
                "autocorrect": "off",
                "spellcheck": "false",
            }
        )
