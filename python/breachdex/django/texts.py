"""Made by python/make_catalogues.py from crates/breachdex-messages. Do not edit."""

from __future__ import annotations

from typing import Final

ENGLISH: Final = {
    "exposed": "This password is in a list of passwords that leaked in the past, so it cannot be used. Please choose a different one that you do not use anywhere else.",
    "exposed_count": "It was seen %(count)d times in leaked data.",
    "exposed_form": "Apart from differences in how its characters are written (such as full and half width), this password is the same as one that leaked in the past. Please choose a different one.",
    "exposed_pair": "This combination of user name or e-mail address and password is in a list of login details that are known to have been exposed, so it cannot be used. Please choose a different password that you do not use anywhere else.",
    "exposed_invisible": "Apart from spaces at its ends and characters that are not shown, this password is the same as one that leaked in the past. Please choose a different one.",
    "context_word": "This password is easy to guess from a user name, an e-mail address or the name of this service. Please choose a different one.",
    "control_character": "This password has a control character in it, such as a tab or a line break. Please remove it or choose a different password.",
    "password_not_text": "This password has something in it that is not a character. Please choose a different one.",
    "user_name_not_text": "This user name or e-mail address has something in it that is not a character. Please check it.",
    "similar_exposed": "This password is very similar to one that leaked in the past and could be guessed. Please choose a different one.",
    "repetitive": "Repeated or consecutive characters are easy to guess, so it is better to avoid them.",
    "index_unavailable": "The safety of this password cannot be checked at the moment. Please try again a little later.",
    "force_reset": "For your safety, your password has to be reset. Please follow the instructions sent to the e-mail address you registered.",
    "force_reset_by_administrator": "For your safety, your password has to be reset. Please ask your administrator for a new one.",
    "help_text": "Passwords that are known to have leaked in the past cannot be used.",
    "log_in_warning": "The password you logged in with is in a list of passwords that leaked in the past. Please change it soon to one that you do not use anywhere else.",
    "grace_last": "You cannot log in with it again: the next time it has to be reset.",
    "notify_subject": "Please change your password",
    "notify_mail": "Your account at %(site_name)s was just logged in to with a password that is in a list of passwords that leaked in the past. This does not mean that your account leaked, but others may guess such a password. Please change it soon to one that you do not use anywhere else. If it was not you who logged in, please reset your password right away.",
    "exposed_warning": "This password is in a list of passwords that leaked in the past. A different one that you do not use anywhere else would be better.",
    "exposed_pair_warning": "This combination of user name or e-mail address and password is in a list of login details that are known to have been exposed. A different password that you do not use anywhere else would be better.",
    "context_word_warning": "This password is easy to guess from a user name, an e-mail address or the name of this service. A different one would be better.",
}

COUNTED: Final = {
    "exposed": (
        "This password is in a list of passwords that leaked in the past, so it cannot be used. Please choose a different one that you do not use anywhere else. It was seen %(count)d time in leaked data.",
        "This password is in a list of passwords that leaked in the past, so it cannot be used. Please choose a different one that you do not use anywhere else. It was seen %(count)d times in leaked data.",
    ),
    "exposed_form": (
        "Apart from differences in how its characters are written (such as full and half width), this password is the same as one that leaked in the past. Please choose a different one. It was seen %(count)d time in leaked data.",
        "Apart from differences in how its characters are written (such as full and half width), this password is the same as one that leaked in the past. Please choose a different one. It was seen %(count)d times in leaked data.",
    ),
    "exposed_invisible": (
        "Apart from spaces at its ends and characters that are not shown, this password is the same as one that leaked in the past. Please choose a different one. It was seen %(count)d time in leaked data.",
        "Apart from spaces at its ends and characters that are not shown, this password is the same as one that leaked in the past. Please choose a different one. It was seen %(count)d times in leaked data.",
    ),
    "too_short": (
        "This password is too short. Please use at least %(min_length)d character (it has %(length)d).",
        "This password is too short. Please use at least %(min_length)d characters (it has %(length)d).",
    ),
    "too_long": (
        "This password is too long. Please use at most %(max_length)d character.",
        "This password is too long. Please use at most %(max_length)d characters.",
    ),
    "help_length": (
        "A password must have at least %(min_length)d character.",
        "A password must have at least %(min_length)d characters.",
    ),
    "grace_days": (
        "You can log in with it for %(days)d more day; after that it has to be reset.",
        "You can log in with it for %(days)d more days; after that it has to be reset.",
    ),
    "grace_log_ins": (
        "You can log in with it %(log_ins)d more time; after that it has to be reset.",
        "You can log in with it %(log_ins)d more times; after that it has to be reset.",
    ),
}
