"""The goods. A real shop keeps them in its database; six fit on a page of code."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Good:
    """One thing on the shelf; its picture is ``static/goods/{key}.svg``."""

    key: str
    name: str | Promise
    about: str | Promise
    price: int
    """In yen, tax included."""
    members_price: int | None = None
    """What members pay, where that is less."""

    @property
    def picture(self) -> str:
        return f"goods/{self.key}.svg"


SHELF = (
    Good("tea", _("Roasted green tea"), _("From Uji, roasted in the shop on Saturdays. 100 g."), 860, 690),
    Good("bread", _("Country bread"), _("Sourdough, baked around the corner every morning."), 620),
    Good("soap", _("Olive oil soap"), _("One plain bar for hands, face and hair."), 480, 390),
    Good("towel", _("Indigo tenugui"), _("A hand-dyed cotton cloth that softens with every wash."), 1320),
    Good("kettle", _("Enamel kettle"), _("1.6 litres, for gas and induction."), 5800, 4900),
    Good("notebook", _("Thread-bound notebook"), _("96 pages that lie flat."), 740),
)


def members_goods() -> list[Good]:
    """Everything that members get for less."""
    return [good for good in SHELF if good.members_price is not None]
