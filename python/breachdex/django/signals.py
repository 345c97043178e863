"""What a project may listen to."""

from __future__ import annotations

from django.dispatch import Signal  # type: ignore[import-untyped]

password_exposed = Signal()
"""An exposed password was chosen or logged in with. Receivers get ``user`` (``None`` or unsaved at sign-up),
``event`` (``sign_up``, ``change``, ``reset``, ``log_in``), ``action`` (what was done) and ``request`` (``None`` where it is
not known): no password and no digest. A receiver that fails changes nothing about what was done.

Counters per event and action are what this is for; a list of the users concerned is a list of targets.
"""

password_judged = Signal()
"""A policy found something about a password that was chosen or logged in with, be it only worth a warning. Receivers
get ``user``, ``event`` and ``request`` as above, and the ``verdict``, which holds no password, no word and no digest.
"""

attack_began = Signal()
"""The radar raised an alarm. Receivers get ``since`` (seconds since 1970, before the alarm) and ``reasons``. Each process
that has attempts says it once; ``since`` tells which attack it is.
"""

attack_ended = Signal()
"""The attack that began ``since`` is over. Said at the first attempt after it."""

suspect_log_in = Signal()
"""A password was right during an attack, from a suspected source: the account may have been taken over. Receivers get
``user`` (``None`` where another backend let them in without a session), ``request`` and ``is_denied`` (no session opens). It is
said while it happens and kept nowhere: end the sessions of the account and send a reset to the address on file.
"""
