//! English.

#![forbid(unsafe_code)]

use super::{Catalogue, Facts};
use crate::catalogue::{Command, Passwords, Reports};
use crate::template::{counted, text};

pub(super) const CATALOGUE: Catalogue = Catalogue {
    facts: Facts { name: "English", sentence_separator: " ", digit_separator: ",", has_singular: true },
    passwords: Passwords {
        exposed: text(
            "This password is in a list of passwords that leaked in the past, so it cannot be used. Please choose a different one that you do not use anywhere else.",
        ),
        exposed_count: counted(
            "It was seen %(count)d time in leaked data.",
            "It was seen %(count)d times in leaked data.",
        ),
        exposed_form: text(
            "Apart from differences in how its characters are written (such as full and half width), this password is the same as one that leaked in the past. Please choose a different one.",
        ),
        exposed_invisible: text(
            "Apart from spaces at its ends and characters that are not shown, this password is the same as one that leaked in the past. Please choose a different one.",
        ),
        too_short: text(
            "This password is too short. Please use at least %(min_length)d characters (it has %(length)d).",
        ),
        too_long: text("This password is too long. Please use at most %(max_length)d characters."),
        context_word: text(
            "This password is easy to guess from a user name, an e-mail address or the name of this service. Please choose a different one.",
        ),
        control_character: text(
            "This password has a control character in it, such as a tab or a line break. Please remove it or choose a different password.",
        ),
        similar_exposed: text(
            "This password is very similar to one that leaked in the past and could be guessed. Please choose a different one.",
        ),
        repetitive: text(
            "Repeated or consecutive characters are easy to guess, so it is better to avoid them.",
        ),
        index_unavailable: text(
            "The safety of this password cannot be checked at the moment. Please try again a little later.",
        ),
        force_reset: text(
            "For your safety, your password has to be reset. Please follow the instructions sent to the e-mail address you registered.",
        ),
        help_text: text("Passwords that are known to have leaked in the past cannot be used."),
        help_length: counted(
            "A password must have at least %(min_length)d character.",
            "A password must have at least %(min_length)d characters.",
        ),
        log_in_warning: text(
            "The password you logged in with is in a list of passwords that leaked in the past. Please change it soon to one that you do not use anywhere else.",
        ),
        notify_subject: text("Please change your password"),
        notify_mail: text(
            "Your account at %(site_name)s was just logged in to with a password that is in a list of passwords that leaked in the past. This does not mean that your account leaked, but others may guess such a password. Please change it soon to one that you do not use anywhere else. If it was not you who logged in, please reset your password right away.",
        ),
        exposed_warning: text(
            "This password is in a list of passwords that leaked in the past. A different one that you do not use anywhere else would be better.",
        ),
        context_word_warning: text(
            "This password is easy to guess from a user name, an e-mail address or the name of this service. A different one would be better.",
        ),
    },
    reports: Reports {
        title: text("Exposed passwords"),
        heading: counted(
            "%(input)s, %(format)s, against %(index)s (%(entries)d entry)",
            "%(input)s, %(format)s, against %(index)s (%(entries)d entries)",
        ),
        heading_dated: counted(
            "%(input)s, %(format)s, against %(index)s (%(entries)d entry, %(date)s)",
            "%(input)s, %(format)s, against %(index)s (%(entries)d entries, %(date)s)",
        ),
        several_inputs: counted("%(number)d file", "%(number)d files"),
        accounts: text("accounts"),
        exposed: text("exposed"),
        not_found: text("not found"),
        below_min_count: text("seen too rarely to count"),
        by_overlay: text("by an overlay"),
        shared: text("passwords shared"),
        shared_accounts: text("accounts that share one"),
        exposed_groups: text("shared and exposed"),
        disabled: text("disabled accounts"),
        machines: text("machine accounts"),
        former: text("former passwords"),
        empty: text("empty passwords"),
        empty_in_use: text("empty passwords in use"),
        own_name: text("password is own name"),
        refused: text("refused by %(policy)s"),
        rule_too_short: text("too short"),
        rule_too_long: text("too long"),
        rule_context_word: text("context word"),
        rule_similar_exposed: text("similar to an exposed one"),
        rule_repetitive: text("repetitive"),
        rule_control_character: text("control character"),
        without_password: text("without a password"),
        other_items: text("other items"),
        lm_hashes: text("LM hashes kept"),
        malformed: text("malformed"),
        unanswered: text("outside the coverage"),
        of_them_exposed: text("exposed"),
        of_them: text("%(exposed)d exposed"),
        seen: text("seen"),
        account: text("account"),
        pseudonym: text("pseudonym"),
        file: text("file"),
        number: text("number"),
        notes: text("notes"),
        note_disabled: text("disabled"),
        note_machine: text("machine"),
        note_overlay: text("overlay"),
        note_lm: text("LM hash"),
        note_form: text("in its %(form)s form"),
        note_invisible: text("without spaces at its ends and characters that are not shown"),
        note_partial: text("not all sources answered"),
        note_empty: text("EMPTY PASSWORD"),
        note_own_name: text("own name"),
        note_policy: text("policy: %(rules)s"),
        shared_by: text("shared by %(accounts)d (group %(group)d)"),
        unlisted: text("and %(number)d more"),
        band_unknown: text("not known how often"),
        band_from: text("%(first)d times or more"),
        band_exactly: counted("seen once", "%(times)d times"),
        band_between: text("%(first)d to %(last)d times"),
        how_often: text("Exposed accounts by how often their passwords were seen"),
        largest_groups: text("The passwords that most accounts share"),
        all_counts: text("All counts"),
        list: text("Accounts to act on, the worst first"),
        list_disabled: text("Disabled accounts, which nobody can log in with at present"),
        list_sum: text("%(total)d in all: accounts %(accounts)d, machine accounts %(machines)d."),
        to_act_on: text("to act on"),
        meaning: text("What the numbers mean"),
        meanings: [
            "Empty password: anyone who knows the account's name can log in. Nothing in this report is worse.",
            "Exposed: the account's password is in the list of leaked passwords that was searched. This does not say where it leaked or from whom: other people may have used it too. It does mean that attackers try it.",
            "How often: the number of times that the password occurs in the leaks. Even one that was seen once is in the attackers' lists.",
            "Not found: the list does not have the password. That does not make it a good one.",
            "Shared: several accounts have the same password. If one of them becomes known, all of them are open. A group has the same number everywhere in this report.",
            "Machine accounts, former passwords (histories, recycle bins), empty passwords and items without a password are counted separately and are not among the accounts.",
        ],
        next: text("What to do next"),
        step_empty: counted(
            "Give %(accounts)d account that has the empty password a password today, or disable it.",
            "Give %(accounts)d accounts that have the empty password a password today, or disable them.",
        ),
        step_own_name: counted(
            "Change the password of %(accounts)d account whose password is its own name.",
            "Change the passwords of %(accounts)d accounts whose password is their own name.",
        ),
        step_exposed: counted(
            "Have the exposed password of %(accounts)d account in use changed.",
            "Have the exposed passwords of %(accounts)d accounts in use changed, administrators and services first.",
        ),
        step_machines: counted(
            "Reset the exposed password of %(accounts)d machine account.",
            "Reset the exposed passwords of %(accounts)d machine accounts.",
        ),
        step_shared: counted(
            "Give each account its own password: %(passwords)d password is shared by %(accounts)d accounts.",
            "Give each account its own password: %(passwords)d passwords are shared by %(accounts)d accounts.",
        ),
        step_lm_hashes: counted(
            "Turn LM hashes off, and change the password of %(accounts)d account that still has one: it can be read from it.",
            "Turn LM hashes off, and change the passwords of %(accounts)d accounts that still have one: they can be read from it.",
        ),
        step_refused: counted(
            "Have the password of %(accounts)d account changed that the policy refuses.",
            "Have the passwords of %(accounts)d accounts changed that the policy refuses.",
        ),
        step_disabled: counted(
            "Leave %(accounts)d disabled account disabled, or reset its password before you enable it.",
            "Leave %(accounts)d disabled accounts disabled, or reset their passwords before you enable them.",
        ),
        step_incomplete: counted(
            "Look at %(lines)d line that could not be read or answered; nothing is known about it.",
            "Look at %(lines)d lines that could not be read or answered; nothing is known about them.",
        ),
        step_gate: text("Refuse exposed passwords when they are chosen, so that they do not come back."),
        step_delete: text(
            "Delete the input when you are done: it gives access to every account in it.",
        ),
        contents: text("Contents"),
        summary: text("Summary"),
        details: text("For administrators"),
        pages: text(
            "Printed, the summary takes the first two pages; what follows is for administrators.",
        ),
        trend: text("Compared with the earlier report"),
        trend_since: text("Earlier report: %(date)s, %(input)s"),
        before: text("earlier"),
        now: text("now"),
        change: text("change"),
        made_with: text("Made offline by breachdex"),
        incomplete: text("This report is not complete: some of the input could not be read or answered."),
        starter: text(
            "The starter index holds the commonest passwords only. A password that it does not have may well be exposed: audit again with a full index.",
        ),
        pseudonyms: text(
            "Accounts are named by pseudonyms that are good for this report alone: equal ones are the same account. The number leads to the account in the input.",
        ),
        confidential: text(
            "Confidential: keep this report as you would keep the list of doors that are unlocked.",
        ),
        group: text("group"),
        members: text("Who shares a password with whom"),
        none_exposed: text("No account to act on was found."),
        index: text("index"),
        overlays: text("overlays"),
        entries: text("entries"),
        corpus_date: text("corpus date"),
        threshold: text("exposed means seen at least so often"),
        date: text("made on"),
        not_exact: text(
            "The index keeps a part of each digest: a password may, rarely, be taken for another.",
        ),
        format_export: text("an export from %(product)s (%(container)s)"),
        format_ntlm: text("an NTLM dump"),
        format_hashes: text("a list of digests"),
        format_csv: text("CSV"),
        format_parquet: text("a Parquet file"),
        format_arrow: text("an Arrow file"),
    },
    command: Command {
        password_prompt: text("Password (not shown): "),
        digest_prompt: text("%(kind)s digest in hex (not shown): "),
        answer: text("%(label)s: %(sentence)s"),
        label_exposed: text("Exposed"),
        label_below: text("Below the threshold"),
        label_not_found: text("Not found"),
        label_unknown: text("Unknown"),
        exposed: text("this password is in %(place)s; choose another."),
        exposed_count: counted(
            "this password is in %(place)s, seen once; choose another.",
            "this password is in %(place)s, seen %(count)d times; choose another.",
        ),
        exposed_form: text("What is exposed is its %(form)s form."),
        exposed_invisible: text(
            "What is exposed is the password without spaces at its ends and characters that are not shown.",
        ),
        partial: text("Another source could not be checked, so it may have been seen more often."),
        false_alarm: text("The index keeps a part of each digest, so this may be a false alarm."),
        below_min_count: counted(
            "this password is in %(place)s, seen once, less than asked for.",
            "this password is in %(place)s, seen %(count)d times, less than asked for.",
        ),
        not_found: text("this password is not in %(place)s."),
        not_found_starter: text(
            "this password is not in %(place)s, which is short: it may be exposed all the same.",
        ),
        unknown: text("whether this password is exposed could not be checked."),
        starter: text("the starter list of common passwords"),
    },
};
