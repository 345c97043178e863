/* Uses every part of the interface as a caller would, and prints what it is told. Arguments: an index of "password" (seen 7
 * times), an index of NTLM digests, a file that is no index, a policy. */
#include <breachdex.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t *bytes(const char *text) { return (const uint8_t *)text; }

/* Prints how a call ended, and frees its error. */
static breachdex_status say(const char *what, breachdex_status status, breachdex_error **error) {
    if (status != breachdex_error_status(*error)) {
        printf("%s: the status is %d and the error's %d\n", what, (int)status, (int)breachdex_error_status(*error));
    }
    printf("%s: %d %s\n", what, (int)status, breachdex_error_message(*error));
    breachdex_error_free(*error);
    *error = NULL;
    return status;
}

static breachdex_corpus *open_one(const char *path) {
    breachdex_error *error = NULL;
    breachdex_corpus *corpus = NULL;
    breachdex_options *options = breachdex_options_new();
    breachdex_options_set_test_password(options, true);
    if (breachdex_options_add_index(options, path, &error) != BREACHDEX_STATUS_OK) {
        exit(1);
    }
    say("open", breachdex_open(options, &corpus, &error), &error);
    breachdex_options_free(options);
    return corpus;
}

static void examine(const breachdex_corpus *corpus, const char *password) {
    breachdex_error *error = NULL;
    breachdex_exposure exposure;
    breachdex_status status = breachdex_examine(corpus, bytes(password), strlen(password), 1, &exposure, &error);
    if (status != BREACHDEX_STATUS_OK) {
        say("examine", status, &error);
        return;
    }
    printf("exposed %d, count %" PRIu64 " (%d), form %d, origin %d, partial %d\n", exposure.exposed, exposure.count,
           exposure.has_count, (int)exposure.form, (int)exposure.origin, exposure.is_partial);
}

static void questions(const breachdex_corpus *corpus) {
    static const uint8_t digest[20] = {0x5b, 0xaa, 0x61, 0xe4, 0xc9, 0xb9, 0x3f, 0x3f, 0x06, 0x82,
                                       0x25, 0x0b, 0x6c, 0xf8, 0x33, 0x1b, 0x7e, 0xe6, 0x8f, 0xd8};
    breachdex_error *error = NULL;
    uint64_t count = 99;
    say("count", breachdex_count(corpus, bytes("password"), 8, &count, &error), &error);
    printf("count %" PRIu64 "\n", count);
    say("count of nothing", breachdex_count(corpus, NULL, 0, &count, &error), &error);
    printf("count %" PRIu64 "\n", count);
    say("digest", breachdex_count_digest(corpus, digest, 20, &count, &error), &error);
    printf("count %" PRIu64 "\n", count);
    say("short digest", breachdex_count_digest(corpus, digest, 19, &count, &error), &error);
    examine(corpus, "password");
    /* Full-width letters. */
    examine(corpus, "\xef\xbd\x90\xef\xbd\x81\xef\xbd\x93\xef\xbd\x93\xef\xbd\x97\xef\xbd\x8f\xef\xbd\x92\xef\xbd\x84");
    examine(corpus, "correct horse battery staple 2026");
}

static void judge(const breachdex_corpus *corpus, const breachdex_policy *policy, breachdex_candidate candidate) {
    breachdex_error *error = NULL;
    breachdex_verdict *verdict = NULL;
    breachdex_status status = breachdex_policy_check(policy, corpus, &candidate, &verdict, &error);
    if (say("judge", status, &error) != BREACHDEX_STATUS_OK) {
        return;
    }
    printf("accepted %d, action %d\n", breachdex_verdict_accepted(verdict), (int)breachdex_verdict_action(verdict));
    for (size_t number = 0; number < breachdex_verdict_reasons(verdict); number++) {
        char *message = breachdex_verdict_message(verdict, number, "ja-JP");
        printf("%s: %s\n", breachdex_verdict_code(verdict, number), message);
        breachdex_string_free(message);
    }
    char *json = breachdex_verdict_json(verdict, NULL);
    printf("%s\n", json);
    breachdex_string_free(json);
    breachdex_verdict_free(verdict);
}

static void policies(const breachdex_corpus *corpus, const char *path) {
    breachdex_error *error = NULL;
    breachdex_policy *policy = NULL;
    say("no profile", breachdex_policy_of_profile("nits", &policy, &error), &error);
    say("no policy", breachdex_policy_open("/nonexistent.toml", &policy, &error), &error);
    say("profile", breachdex_policy_of_profile("asvs-l2", &policy, &error), &error);
    breachdex_candidate candidate = {bytes("password"), 8, "taro", "taro@example.jp", NULL, BREACHDEX_EVENT_SIGN_UP};
    judge(corpus, policy, candidate);
    candidate.event = 9;
    judge(corpus, policy, candidate);
    candidate.event = BREACHDEX_EVENT_CHANGE;
    candidate.password = bytes("\xff");
    candidate.password_length = 1;
    judge(corpus, policy, candidate);
    breachdex_policy_free(policy);
    say("policy", breachdex_policy_open(path, &policy, &error), &error);
    candidate.password = bytes("a long walk in kyoto");
    candidate.password_length = strlen("a long walk in kyoto");
    judge(corpus, policy, candidate);
    breachdex_policy_free(policy);
}

/* What is null where it may not be. */
static void nulls(const breachdex_corpus *corpus) {
    breachdex_error *error = NULL;
    uint64_t count = 99;
    breachdex_exposure exposure;
    say("no options", breachdex_options_add_index(NULL, "x", &error), &error);
    say("no corpus", breachdex_count(NULL, bytes("x"), 1, &count, &error), &error);
    say("no password", breachdex_count(corpus, NULL, 1, &count, &error), &error);
    say("no room", breachdex_count(corpus, bytes("x"), 1, NULL, &error), &error);
    say("no room to open", breachdex_open(NULL, NULL, &error), &error);
    say("no minimum", breachdex_examine(corpus, bytes("x"), 1, 0, &exposure, &error), &error);
    say("no candidate", breachdex_policy_check(NULL, corpus, NULL, NULL, &error), &error);
    /* Nobody who wants to know why. */
    printf("%d %d\n", (int)breachdex_count(NULL, NULL, 0, &count, NULL), breachdex_verdict_accepted(NULL));
    breachdex_options_set_max_age(NULL, 1);
    breachdex_options_set_follow(NULL, true);
    breachdex_options_free(NULL);
    breachdex_corpus_free(NULL);
    breachdex_policy_free(NULL);
    breachdex_verdict_free(NULL);
    breachdex_string_free(NULL);
    breachdex_error_free(NULL);
    printf("%d %d %zu [%s]\n", breachdex_verdict_code(NULL, 0) == NULL, (int)breachdex_verdict_action(NULL),
           breachdex_verdict_reasons(NULL), breachdex_error_message(NULL));
}

int main(int count, char **arguments) {
    if (count != 5) {
        return 2;
    }
    printf("version %s\n", breachdex_version());
    breachdex_corpus *corpus = open_one(arguments[1]);
    questions(corpus);
    policies(corpus, arguments[4]);
    nulls(corpus);
    char *description = breachdex_describe(corpus);
    printf("described %d\n", description != NULL && strstr(description, "\"entries\":1") != NULL);
    breachdex_string_free(description);
    breachdex_corpus_free(corpus);

    corpus = open_one(arguments[2]);
    breachdex_error *error = NULL;
    uint64_t sightings = 99;
    say("NTLM", breachdex_count(corpus, bytes("password"), 8, &sightings, &error), &error);
    printf("count %" PRIu64 "\n", sightings);
    say("NTLM of no text", breachdex_count(corpus, bytes("\xff"), 1, &sightings, &error), &error);
    breachdex_corpus_free(corpus);
    if (open_one(arguments[3]) != NULL || open_one("/nonexistent.bdx") != NULL) {
        return 1;
    }

    breachdex_options *options = breachdex_options_new();
    say("no key", breachdex_options_add_trusted_key(options, "nonsense", &error), &error);
    breachdex_options_add_index(options, arguments[1], NULL);
    say("refused key", breachdex_open(options, &corpus, &error), &error);
    breachdex_options_free(options);
    options = breachdex_options_new();
    breachdex_options_add_index(options, "\xff.bdx", NULL);
    say("refused index", breachdex_open(options, &corpus, &error), &error);
    breachdex_options_free(options);
    options = breachdex_options_new();
    say("key", breachdex_options_add_trusted_key(options, "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3",
                                                 &error), &error);
    breachdex_options_add_index(options, arguments[1], NULL);
    say("unsigned", breachdex_open(options, &corpus, &error), &error);
    breachdex_options_free(options);

    /* Nothing of an earlier call is left where one fails. */
    breachdex_verdict *verdict = (breachdex_verdict *)&options;
    breachdex_policy *policy = (breachdex_policy *)&options;
    say("no policy", breachdex_policy_of_profile("none", &policy, &error), &error);
    say("no verdict", breachdex_policy_check(NULL, NULL, NULL, &verdict, &error), &error);
    printf("left %d %d\n", policy != NULL, verdict != NULL);
    return 0;
}
