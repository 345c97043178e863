/* libbreachdex: look breached passwords up and judge passwords, from one file and without a network.
 *
 * Generated from the sources; the test abi says how to write it anew.
 *
 * Functions that can fail return a status, and store a message for the last argument if it is not null. A handle that they would
 * store is then null, and so it may be freed. Handles may be shared by threads, but for those of options, and for freeing. Text is
 * UTF-8 and ends with a NUL. */

#ifndef BREACHDEX_H
#define BREACHDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 How a call ended.
 */
typedef enum {
    /*
     Done, and the results are stored.
     */
    BREACHDEX_STATUS_OK = 0,
    /*
     A null pointer, text that is not UTF-8, or a value that makes no sense.
     */
    BREACHDEX_STATUS_ARGUMENT = 1,
    /*
     A file could not be found, opened or read.
     */
    BREACHDEX_STATUS_IO = 2,
    /*
     A file is no index, or is damaged.
     */
    BREACHDEX_STATUS_DAMAGED = 3,
    /*
     An index cannot answer what was asked: another kind of digest, no counts, a part of the prefixes only.
     */
    BREACHDEX_STATUS_UNSUITABLE = 4,
    /*
     An index is not signed by a trusted key, or too old.
     */
    BREACHDEX_STATUS_UNTRUSTED = 5,
    /*
     A policy makes no sense.
     */
    BREACHDEX_STATUS_POLICY = 6,
    /*
     Whether a password is exposed cannot be determined now. Never take it for "not exposed".
     */
    BREACHDEX_STATUS_UNKNOWN = 7,
    /*
     A bug in the library.
     */
    BREACHDEX_STATUS_PANIC = 8,
} breachdex_status;

/*
 Where a password was found.
 */
typedef enum {
    /*
     In an index of breached passwords.
     */
    BREACHDEX_ORIGIN_BASE = 0,
    /*
     In an overlay, a list of your own.
     */
    BREACHDEX_ORIGIN_OVERLAY = 1,
} breachdex_origin;

/*
 The spelling of a password under which it was found.
 */
typedef enum {
    /*
     As it was given.
     */
    BREACHDEX_FORM_RAW = 0,
    /*
     Unicode normalization form C.
     */
    BREACHDEX_FORM_NFC = 1,
    /*
     Unicode normalization form KC: full-width letters and the like become plain.
     */
    BREACHDEX_FORM_NFKC = 2,
    /*
     Without white space at its ends.
     */
    BREACHDEX_FORM_TRIMMED = 3,
    /*
     Without characters that are not shown.
     */
    BREACHDEX_FORM_VISIBLE = 4,
    /*
     With case folded.
     */
    BREACHDEX_FORM_CASEFOLD = 5,
    /*
     As the caller stores it.
     */
    BREACHDEX_FORM_STORED = 6,
} breachdex_form;

/*
 What is done about a password, from mild to severe.
 */
typedef enum {
    /*
     It may be used.
     */
    BREACHDEX_ACTION_ACCEPT = 0,
    /*
     It may be used, and its owner is told.
     */
    BREACHDEX_ACTION_WARN = 1,
    /*
     It may be used, and its owner is told by another way.
     */
    BREACHDEX_ACTION_NOTIFY = 2,
    /*
     At log-in: no session; the account's owner chooses another password by the link that is sent to the address on file.
     */
    BREACHDEX_ACTION_FORCE_RESET = 3,
    /*
     It may not be used.
     */
    BREACHDEX_ACTION_REJECT = 4,
} breachdex_action;

/*
 When a password is judged.
 */
typedef enum {
    /*
     An account is made, with its first password.
     */
    BREACHDEX_EVENT_SIGN_UP = 0,
    /*
     Its owner chooses another one.
     */
    BREACHDEX_EVENT_CHANGE = 1,
    /*
     Its owner, or whoever reads its mail, chooses another one without knowing the old one.
     */
    BREACHDEX_EVENT_RESET = 2,
    /*
     The password was verified by your site, and only then. Who typed it may be an attacker with a list.
     */
    BREACHDEX_EVENT_LOG_IN = 3,
} breachdex_event;

/*
 Indexes and overlays that are asked as one. Free it with breachdex_corpus_free. Threads may share it.
 */
typedef struct breachdex_corpus breachdex_corpus;

/*
 An error with its message. Free it with breachdex_error_free.
 */
typedef struct breachdex_error breachdex_error;

/*
 What a corpus is to be opened from. Free it with breachdex_options_free; one thread at a time. Options of which one was
 refused open nothing: breachdex_open fails with the same error, whoever looked at it before.
 */
typedef struct breachdex_options breachdex_options;

/*
 What a password must be. Free it with breachdex_policy_free. Threads may share it.
 */
typedef struct breachdex_policy breachdex_policy;

/*
 What becomes of a password. Free it with breachdex_verdict_free. Threads may share it.
 */
typedef struct breachdex_verdict breachdex_verdict;

/*
 What is known about a password.
 */
typedef struct {
    /*
     Whether it is exposed. If not, the other members are 0.
     */
    bool exposed;
    /*
     Whether count is known.
     */
    bool has_count;
    /*
     Whether a source could not answer; count is then a lower bound.
     */
    bool is_partial;
    /*
     How often it was seen.
     */
    uint64_t count;
    /*
     Where it was found.
     */
    breachdex_origin origin;
    /*
     The form that was found.
     */
    breachdex_form form;
} breachdex_exposure;

/*
 A password, and who chose it. Set everything to 0 that is not known.
 */
typedef struct {
    /*
     The password as it was received, in UTF-8.
     */
    const uint8_t *password;
    /*
     Its length in bytes.
     */
    size_t password_length;
    /*
     The account's name, ending with a NUL; may be null.
     */
    const char *user_name;
    /*
     Its e-mail address, ending with a NUL; may be null.
     */
    const char *email;
    /*
     The form of the password that your site keeps, if it is another, ending with a NUL; may be null.
     */
    const char *stored;
    /*
     A breachdex_event.
     */
    int32_t event;
} breachdex_candidate;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 The version of the library, as in 0.1.0.
 */
const char *breachdex_version(void);

/*
 Opens a corpus. Takes some milliseconds for any size. Null options mean the embedded index of common passwords: what it does
 not hold may well be exposed.
 */
breachdex_status breachdex_open(const breachdex_options *options,
                                breachdex_corpus **corpus,
                                breachdex_error **error);

/*
 Frees a corpus; nothing happens for null.
 */
void breachdex_corpus_free(breachdex_corpus *corpus);

/*
 How often a password was seen; 0 if it is not exposed. Exactly these bytes: SHA-1 of them, or for an NTLM index the NTLM
 digest of them as UTF-8. Needs an index with counts.
 */
breachdex_status breachdex_count(const breachdex_corpus *corpus,
                                 const uint8_t *password,
                                 size_t length,
                                 uint64_t *count,
                                 breachdex_error **error);

/*
 breachdex_count of a raw digest: 20 bytes of SHA-1, or 16 of NTLM.
 */
breachdex_status breachdex_count_digest(const breachdex_corpus *corpus,
                                        const uint8_t *digest,
                                        size_t length,
                                        uint64_t *count,
                                        breachdex_error **error);

/*
 Whether a password is exposed: as its bytes are, and in the forms that people and programs make of it (NFC, NFKC, trimmed,
 without invisible characters). min_count is from how many sightings on it is, at least 1.

 BREACHDEX_STATUS_UNKNOWN means that no source holds it and one could not answer: decide what your site does then.
 */
breachdex_status breachdex_examine(const breachdex_corpus *corpus,
                                   const uint8_t *password,
                                   size_t length,
                                   uint64_t min_count,
                                   breachdex_exposure *exposure,
                                   breachdex_error **error);

/*
 What the corpus says about itself, as JSON: for each file its path (null of the embedded index), kind, bits, entries, corpus
 date, and why a file that replaced it was refused. Free it
 with breachdex_string_free; null if a source cannot say, or for null.
 */
char *breachdex_describe(const breachdex_corpus *corpus);

/*
 Frees text that a function returned to be freed; nothing happens for null.
 */
void breachdex_string_free(char *text);

/*
 The status of an error; BREACHDEX_STATUS_OK of null.
 */
breachdex_status breachdex_error_status(const breachdex_error *error);

/*
 The message of an error, in English: what happened, where, and what to do. Valid until the error is freed; empty of null.
 Never holds a password or a digest.
 */
const char *breachdex_error_message(const breachdex_error *error);

/*
 Frees an error; nothing happens for null.
 */
void breachdex_error_free(breachdex_error *error);

/*
 New options: no index and no overlay, which means the embedded index of common passwords. Null only after a bug.
 */
breachdex_options *breachdex_options_new(void);

/*
 Adds an index file. Several are asked as one.
 */
breachdex_status breachdex_options_add_index(breachdex_options *options,
                                             const char *path,
                                             breachdex_error **error);

/*
 Adds an overlay, a list of your own: whatever it holds is exposed.
 */
breachdex_status breachdex_options_add_overlay(breachdex_options *options,
                                               const char *path,
                                               breachdex_error **error);

/*
 Accepts only indexes that are signed by this key or another that was added: a file of minisign's format, or the key's 56
 characters. Overlays need none.
 */
breachdex_status breachdex_options_add_trusted_key(breachdex_options *options,
                                                   const char *key,
                                                   breachdex_error **error);

/*
 Refuses indexes whose corpus date is more than so many days ago; 0 accepts any.
 */
void breachdex_options_set_max_age(breachdex_options *options, uint32_t days);

/*
 Whether a file that is replaced by rename is verified and takes over while the corpus is in use; so it is unless this says
 no.
 */
void breachdex_options_set_follow(breachdex_options *options,
                                  bool follow);

/*
 Whether the test password is exposed, with which the whole path can be tried. Off unless this says yes.
 */
void breachdex_options_set_test_password(breachdex_options *options, bool exposed);

/*
 Frees options; nothing happens for null.
 */
void breachdex_options_free(breachdex_options *options);

/*
 The policy of a profile: nist, asvs-l1, asvs-l2, pci or permissive.
 */
breachdex_status breachdex_policy_of_profile(const char *name,
                                             breachdex_policy **policy,
                                             breachdex_error **error);

/*
 The policy of a TOML file. The indexes that it may name are not opened: that is what breachdex_open is for. Nor are lists of
 exposed pairs, so that no verdict has the reason exposed_pair.
 */
breachdex_status breachdex_policy_open(const char *path,
                                       breachdex_policy **policy,
                                       breachdex_error **error);

/*
 Frees a policy; nothing happens for null.
 */
void breachdex_policy_free(breachdex_policy *policy);

/*
 Judges a password. A fault of a source means what the policy's on_error says at the event: a verdict with the reason
 index_unavailable, or BREACHDEX_STATUS_UNKNOWN. The verdict is null unless the status is BREACHDEX_STATUS_OK.
 */
breachdex_status breachdex_policy_check(const breachdex_policy *policy,
                                        const breachdex_corpus *corpus,
                                        const breachdex_candidate *candidate,
                                        breachdex_verdict **verdict,
                                        breachdex_error **error);

/*
 Whether the password may be used; false for null.
 */
bool breachdex_verdict_accepted(const breachdex_verdict *verdict);

/*
 What is done about the password: the severest action of its reasons; BREACHDEX_ACTION_REJECT for null.
 */
breachdex_action breachdex_verdict_action(const breachdex_verdict *verdict);

/*
 How many reasons there are, the severest first; 0 for null.
 */
size_t breachdex_verdict_reasons(const breachdex_verdict *verdict);

/*
 The code of a reason, as in exposed; valid until the verdict is freed. Null where there is no such reason.
 */
const char *breachdex_verdict_code(const breachdex_verdict *verdict, size_t number);

/*
 What a person is told about a reason, in a language such as en or ja-JP; null, and languages that there are no words
 in, mean the policy's own. Free it with breachdex_string_free. Null where there is no such reason.
 */
char *breachdex_verdict_message(const breachdex_verdict *verdict,
                                size_t number,
                                const char *language);

/*
 The whole verdict as JSON, with messages in a language as in breachdex_verdict_message. Free it with
 breachdex_string_free. Null for null.
 */
char *breachdex_verdict_json(const breachdex_verdict *verdict, const char *language);

/*
 Frees a verdict; nothing happens for null.
 */
void breachdex_verdict_free(breachdex_verdict *verdict);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* BREACHDEX_H */
