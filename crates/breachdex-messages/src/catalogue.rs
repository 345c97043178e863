//! The keys and parameters of every message. A new message is a line here and one in each language.
//!
//! `number` is written in plain digits, `grouped` in groups of three, `text` as it is.

#![forbid(unsafe_code)]

use crate::words::messages;

messages! {
    /// What people read who choose a password or log in. The keys are also codes for Python and Django.
    Passwords {
        /// The password is refused because it is exposed.
        exposed;
        /// How often an exposed password was seen; follows `exposed`, `exposed_form` or `exposed_invisible`.
        exposed_count(count: grouped);
        /// The password is refused because another way of writing it is exposed.
        exposed_form;
        /// The password is refused because it is exposed together with the account's user name or e-mail address.
        exposed_pair;
        /// The password is refused because it is exposed without what is not shown or stands at its ends.
        exposed_invisible;
        /// The password has too few characters.
        too_short(min_length: number, length: number);
        /// The password has too many characters.
        too_long(max_length: number);
        /// The password is a word about the account or the service.
        context_word;
        /// The password has a control character.
        control_character;
        /// The password is no text: it holds half of a surrogate pair, or is a number where JSON brought one.
        password_not_text;
        /// The user name or the e-mail address that came with a password holds half of a surrogate pair.
        user_name_not_text;
        /// A small variation of the password is exposed.
        similar_exposed;
        /// The password is nothing but repeated or consecutive characters.
        repetitive;
        /// The index gave no answer.
        index_unavailable;
        /// A log-in ends with a reset of the password.
        force_reset;
        /// The same, where no mail is sent and an administrator sets the new password.
        force_reset_by_administrator;
        /// Beside the field for a new password: what is refused.
        help_text;
        /// Beside the field for a new password: how long it has to be.
        help_length(min_length: number);
        /// After a log-in with an exposed password that is let pass.
        log_in_warning;
        /// After `log_in_warning`: for how many days the password can still be used.
        grace_days(days: number);
        /// After `log_in_warning`: for how many log-ins after this one.
        grace_log_ins(log_ins: number);
        /// After `log_in_warning`, where this was the last log-in with it.
        grace_last;
        /// The subject of the mail after such a log-in.
        notify_subject;
        /// The text of that mail.
        notify_mail(site_name: text);
        /// A new password is exposed and accepted all the same.
        exposed_warning;
        /// A new password is exposed together with the account's user name or e-mail address, and accepted all the same.
        exposed_pair_warning;
        /// A new password is a context word and accepted all the same.
        context_word_warning;
    }
}

messages! {
    /// The words of audit reports.
    Reports {
        /// The report's title.
        title;
        /// First line of the summary: what was read and against which index.
        heading(input: text, format: text, index: text, entries: grouped);
        /// Instead of the name of an input where there are several.
        several_inputs(number: grouped);
        /// The same with the date of the corpus.
        heading_dated(input: text, format: text, index: text, entries: grouped, date: text);
        /// Row: accounts with a password that was looked up.
        accounts;
        /// Row: accounts with an exposed password.
        exposed;
        /// Row: passwords that are not in the index.
        not_found;
        /// Row: seen fewer times than was asked for.
        below_min_count;
        /// Row: exposed by an overlay.
        by_overlay;
        /// Row: passwords that several accounts have.
        shared;
        /// Row: accounts with such a password.
        shared_accounts;
        /// Row: such passwords that are exposed.
        exposed_groups;
        /// Row: disabled accounts.
        disabled;
        /// Row: machine accounts.
        machines;
        /// Row: passwords no longer in use.
        former;
        /// Row: empty passwords.
        empty;
        /// Row: empty passwords of accounts that are in use.
        empty_in_use;
        /// Row: accounts whose password is their own name.
        own_name;
        /// Row: accounts whose password the policy refuses.
        refused(policy: text);
        /// Rule of a policy: too short.
        rule_too_short;
        /// Rule of a policy: too long.
        rule_too_long;
        /// Rule of a policy: a word about the account or the service.
        rule_context_word;
        /// Rule of a policy: exposed together with the user name.
        rule_exposed_pair;
        /// Rule of a policy: similar to an exposed password.
        rule_similar_exposed;
        /// Rule of a policy: repeated or consecutive characters.
        rule_repetitive;
        /// Rule of a policy: a control character.
        rule_control_character;
        /// Row: accounts without a password.
        without_password;
        /// Row: items that are not log-ins.
        other_items;
        /// Row: accounts with an LM hash.
        lm_hashes;
        /// Row: lines that could not be read.
        malformed;
        /// Row: passwords that no index covers.
        unanswered;
        /// Column: the exposed ones of a row.
        of_them_exposed;
        /// How many of the row before are exposed.
        of_them(exposed: grouped);
        /// Column: how often a password was seen.
        seen;
        /// Column: the account's name.
        account;
        /// Column: the account's pseudonym.
        pseudonym;
        /// Column: the input that the account is in.
        file;
        /// Column: where in the input the account is.
        number;
        /// Column: remarks.
        notes;
        /// Remark: the account is disabled.
        note_disabled;
        /// Remark: the account is a machine's.
        note_machine;
        /// Remark: exposed by an overlay.
        note_overlay;
        /// Remark: an LM hash is kept.
        note_lm;
        /// Remark: which form of the password is exposed, `NFC` or `NFKC`.
        note_form(form: text);
        /// Remark: it is exposed without white space at its ends and characters that are not shown.
        note_invisible;
        /// Remark: another source might have said more.
        note_partial;
        /// Remark: the password is empty.
        note_empty;
        /// Remark: the password is the account's own name.
        note_own_name;
        /// Remark: which rules of the policy refuse the password.
        note_policy(rules: text);
        /// Remark: how many accounts have the same password, and the number of their group.
        shared_by(accounts: grouped, group: number);
        /// Below a list: how many more there are.
        unlisted(number: grouped);
        /// Behind the list of a page that is cut: how many more there are, and where they are.
        unlisted_here(number: grouped);
        /// Between short remarks.
        list_separator;
        /// Band: it is not known how often.
        band_unknown;
        /// Band: seen so often or more.
        band_from(first: grouped);
        /// Band: seen so often.
        band_exactly(times: grouped);
        /// Band: seen between two numbers.
        band_between(first: grouped, last: grouped);
        /// Heading of the chart of bands.
        how_often;
        /// Heading of the chart of shared passwords.
        largest_groups;
        /// Heading of the table of all counts.
        all_counts;
        /// Heading of the list of accounts in use.
        list;
        /// Heading of the list of disabled accounts.
        list_disabled;
        /// Above the list: how many there are, and what they are.
        list_sum(total: grouped, accounts: grouped, machines: grouped, disabled: grouped);
        /// Tile: accounts to act on.
        to_act_on;
        /// Below that number: of what it is the sum.
        to_act_on_parts(accounts: grouped, machines: grouped, disabled: grouped);
        /// Below the number of accounts: what is not among them.
        accounts_apart(machines: grouped, empty: grouped);
        /// Below the number of exposed accounts: how many of them are disabled.
        exposed_disabled(disabled: grouped);
        /// Heading of `meanings`.
        meaning;
        /// What the numbers mean.
        meanings[6];
        /// Heading of the steps.
        next;
        /// Step: accounts with the empty password.
        step_empty(accounts: grouped);
        /// Step: accounts whose password is their own name.
        step_own_name(accounts: grouped);
        /// Step: accounts with an exposed password.
        step_exposed(accounts: grouped);
        /// Step: machine accounts with an exposed password.
        step_machines(accounts: grouped);
        /// Step: passwords that several accounts have.
        step_shared(passwords: grouped, accounts: grouped);
        /// Step: accounts with an LM hash.
        step_lm_hashes(accounts: grouped);
        /// Step: accounts whose password the policy refuses.
        step_refused(accounts: grouped);
        /// Step: disabled accounts with an exposed or empty password.
        step_disabled(accounts: grouped);
        /// Step: lines that could not be read or answered.
        step_incomplete(lines: grouped);
        /// Step: refuse exposed passwords when they are chosen.
        step_gate;
        /// Step: delete the input.
        step_delete;
        /// Heading of the table of contents.
        contents;
        /// Heading of the first part, for those who decide.
        summary;
        /// Heading of the second part, for administrators.
        details;
        /// Below the table of contents: which pages are for whom.
        pages;
        /// Heading of the comparison with an earlier report.
        trend;
        /// Above the comparison: which report it is with.
        trend_since(date: text, input: text);
        /// Column: the number in the earlier report.
        before;
        /// Column: the number now.
        now;
        /// Column: the difference.
        change;
        /// Before the version.
        made_with;
        /// Notice: something could not be read or answered.
        incomplete;
        /// Notice: the starter index was asked.
        starter;
        /// Notice: what pseudonyms are.
        pseudonyms;
        /// Notice: who may see the report.
        confidential;
        /// Before the number of a group of accounts.
        group;
        /// Heading of the accounts of a group.
        group_size(group: number, accounts: grouped);
        /// Behind a group's name, where its password is exposed.
        group_exposed;
        /// Heading of the members of the groups.
        members;
        /// Instead of an empty list.
        none_exposed;
        /// Label: the indexes.
        index;
        /// Label: the overlays.
        overlays;
        /// Label: entries of the indexes.
        entries;
        /// Label: the date of the corpus.
        corpus_date;
        /// Label: from how many sightings on a password is exposed.
        threshold;
        /// Label: when the report was made.
        date;
        /// Notice: the index keeps a part of each digest.
        not_exact;
        /// Format: an export of a password manager or browser. `container` is the name of a file format.
        format_export(product: text, container: text);
        /// Format: an NTLM dump.
        format_ntlm;
        /// Format: a list of hashes.
        format_hashes;
        /// Format: `user:password` lines.
        format_user_password;
        /// Format: CSV of no known product.
        format_csv;
        /// Format: Apache Parquet.
        format_parquet;
        /// Format: Arrow IPC.
        format_arrow;
    }
}

messages! {
    /// The words of reports on attacks at log-in.
    Incidents {
        /// The report's title.
        title;
        /// The period that was looked at, in UTC.
        period(from: text, to: text);
        /// The file has no attempts.
        no_attempts;
        /// No attack was found.
        none(attempts: grouped);
        /// So many attacks were found.
        found(attacks: grouped);
        /// Tile: all attempts of the file.
        attempts;
        /// Tile: failed attempts of suspected sources.
        tries;
        /// Tile: accounts that suspected sources logged in to.
        taken;
        /// Tile: suspected sources.
        sources;
        /// Heading of the plot.
        timeline;
        /// Under the plot: what a bar is.
        timeline_about(minutes: grouped);
        /// Legend: failed attempts.
        legend_failures;
        /// Legend: failed attempts from suspected sources.
        legend_suspected;
        /// Legend: log-ins from suspected sources.
        legend_taken;
        /// Heading of the list of attacks.
        attacks;
        /// Column: when an attack began.
        began;
        /// Column: when the alarm was raised.
        raised;
        /// Column: when an attack ended.
        ended;
        /// Instead of an end: the file ends before.
        runs;
        /// Column: why the alarm was raised.
        why;
        /// The share of exposed passwords is high; the attack is about `part` % of all failures.
        why_exposed(part: number);
        /// Exposed passwords and unknown accounts are many; `part` as above.
        why_unknown(part: number);
        /// Sources behave as attackers do.
        why_sources(count: grouped);
        /// Heading of the list of accounts.
        accounts;
        /// Above that list: what it means.
        accounts_about;
        /// Column: time of a log-in.
        time;
        /// Column: the account.
        account;
        /// Column: the account's pseudonym.
        pseudonym;
        /// Column: the source.
        source;
        /// Column: whether the password is exposed.
        password_exposed;
        /// Cell: yes.
        yes;
        /// Under a list: how many more.
        unlisted(count: grouped);
        /// Heading of the table for the authority.
        authority;
        /// Above the table: when to report.
        authority_about;
        /// Column: item of the report.
        item;
        /// Column: what the log shows.
        from_log;
        /// Column: what is missing.
        to_add;
        /// Item 1.
        item_overview;
        /// What the log shows about it.
        overview(from: text, to: text, tries: grouped, taken: grouped);
        /// What to add.
        add_overview;
        /// Item 2.
        item_data;
        /// What to add.
        add_data;
        /// Item 3.
        item_people;
        /// What the log shows about it.
        people(taken: grouped);
        /// What to add.
        add_people;
        /// Item 4.
        item_cause;
        /// What the log shows about it: the share of exposed passwords.
        cause(exposed: text);
        /// The same where no exposure was recorded.
        cause_unrated;
        /// What to add.
        add_cause;
        /// Item 5.
        item_damage;
        /// What to add.
        add_damage;
        /// Item 6.
        item_people_told;
        /// What to add.
        add_people_told;
        /// Item 7.
        item_public;
        /// What to add.
        add_public;
        /// Item 8.
        item_prevention;
        /// What to add.
        add_prevention;
        /// Item 9.
        item_other;
        /// What to add.
        add_other;
        /// Cell: the log does not show it.
        not_in_log;
        /// Heading: how it was found.
        method;
        /// What the numbers mean.
        method_about;
    }
}

messages! {
    /// What the command asks and answers on a terminal.
    Command {
        /// The prompt for a password.
        password_prompt;
        /// The prompt for a digest of a kind.
        digest_prompt(kind: text);
        /// An answer: a label, which may be coloured, and a sentence.
        answer(label: text, sentence: text);
        /// Label: the password is exposed.
        label_exposed;
        /// Label: seen fewer times than was asked for.
        label_below;
        /// Label: not in any index.
        label_not_found;
        /// Label: it could not be found out.
        label_unknown;
        /// The password is in `place`, and it is not known how often it was seen.
        exposed(place: text);
        /// The password is in `place` and was seen so often.
        exposed_count(place: text, count: number);
        /// Which form of the password is exposed, `NFC` or `NFKC`.
        exposed_form(form: text);
        /// It is exposed without white space at its ends and characters that are not shown.
        exposed_invisible;
        /// Another source could not answer, so that the count is a lower bound.
        partial;
        /// Added where the index keeps a part of each digest.
        false_alarm;
        /// The password is in `place`, but was seen fewer times than was asked for.
        below_min_count(place: text, count: number);
        /// The password is not in `place`.
        not_found(place: text);
        /// The password is not in `place`, which is the starter index.
        not_found_starter(place: text);
        /// Whether the password is exposed could not be checked.
        unknown;
        /// Label: what the lists of exposed pairs say of the account.
        label_pair;
        /// The pair of user name and password is exposed.
        pair;
        /// A similar pair is.
        similar_pair;
        /// The user name is, with other passwords.
        pair_user_name;
        /// Neither the pair nor the user name is.
        no_pair;
        /// How the starter index is called.
        starter;
    }
}
