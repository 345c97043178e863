/* Passes what makes no sense wherever the header does not forbid it, and has handles used by threads while the index is replaced
 * and spoilt. Ends with an error where a call says something else than it must; sanitizers look for the rest. Argument: an index
 * of "password". */
#include <breachdex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OK, ARGUMENT, IO, DAMAGED, UNSUITABLE, UNTRUSTED, POLICY, ANY };

static breachdex_error *error;
static breachdex_corpus *shared;
static breachdex_policy *rules;
static const char *path;

/* Holds a call against what it must say, and frees its error. */
static void must(int line, breachdex_status status, int expected) {
    if ((int)status != (int)breachdex_error_status(error) || (expected != ANY && (int)status != expected)) {
        printf("line %d: %d %d %s\n", line, (int)status, (int)breachdex_error_status(error), breachdex_error_message(error));
        exit(1);
    }
    breachdex_error_free(error);
    error = NULL;
}
#define MUST(expected, call) must(__LINE__, (call), (expected))

static void that(int line, bool is_so) {
    if (!is_so) {
        printf("line %d\n", line);
        exit(1);
    }
}
#define THAT(is_so) that(__LINE__, (is_so))

static const uint8_t *bytes(const char *text) { return (const uint8_t *)text; }

static void nothing(void) {
    breachdex_corpus_free(NULL);
    breachdex_error_free(NULL);
    breachdex_options_free(NULL);
    breachdex_policy_free(NULL);
    breachdex_string_free(NULL);
    breachdex_verdict_free(NULL);
    breachdex_options_set_max_age(NULL, 1);
    breachdex_options_set_follow(NULL, true);
    breachdex_options_set_test_password(NULL, true);
    THAT(breachdex_describe(NULL) == NULL && breachdex_verdict_json(NULL, NULL) == NULL);
    THAT(breachdex_verdict_reasons(NULL) == 0 && breachdex_verdict_code(NULL, 0) == NULL);
    THAT(!breachdex_verdict_accepted(NULL) && breachdex_verdict_action(NULL) == BREACHDEX_ACTION_REJECT);
    THAT(breachdex_open(NULL, NULL, NULL) == BREACHDEX_STATUS_ARGUMENT);
    MUST(ARGUMENT, breachdex_open(NULL, NULL, &error));
    MUST(ARGUMENT, breachdex_options_add_overlay(NULL, "x", &error));
}

static void questions(const breachdex_corpus *corpus, const char *large, size_t length) {
    breachdex_exposure exposure;
    uint64_t count = 99;
    MUST(ARGUMENT, breachdex_count(NULL, NULL, 0, NULL, &error));
    MUST(ARGUMENT, breachdex_count(corpus, NULL, 5, &count, &error));
    MUST(ARGUMENT, breachdex_count(corpus, bytes("x"), SIZE_MAX, &count, &error));
    MUST(ARGUMENT, breachdex_count(corpus, bytes("x"), 1, NULL, &error));
    MUST(ARGUMENT, breachdex_count_digest(corpus, bytes("1234567890123456"), 16, &count, &error));
    MUST(ARGUMENT, breachdex_count_digest(corpus, bytes("x"), SIZE_MAX / 2 + 1, &count, &error));
    MUST(ARGUMENT, breachdex_examine(corpus, bytes("x"), 1, 0, &exposure, &error));
    MUST(ARGUMENT, breachdex_examine(corpus, bytes("x"), 1, 1, NULL, &error));
    MUST(OK, breachdex_examine(corpus, bytes("\xff\xfe\0z"), 4, UINT64_MAX, &exposure, &error));
    MUST(OK, breachdex_count(corpus, bytes(large), length, &count, &error));
    MUST(OK, breachdex_examine(corpus, bytes(large), length, 1, &exposure, &error));
}

/* Handles that were never set may be freed after a failure. */
static void policies(const breachdex_corpus *corpus, const char *large, size_t length) {
    char storage;
    breachdex_policy *policy = (breachdex_policy *)(void *)&storage;
    breachdex_verdict *verdict = (breachdex_verdict *)(void *)&storage;
    breachdex_candidate candidate;
    memset(&candidate, 0, sizeof candidate);
    MUST(ARGUMENT, breachdex_policy_of_profile("nist", NULL, &error));
    MUST(ARGUMENT, breachdex_policy_of_profile("\xff", &policy, &error));
    breachdex_policy_free(policy);
    policy = (breachdex_policy *)(void *)&storage;
    MUST(POLICY, breachdex_policy_open(path, &policy, &error));
    breachdex_policy_free(policy);
    MUST(ARGUMENT, breachdex_policy_check(rules, corpus, NULL, &verdict, &error));
    breachdex_verdict_free(verdict);
    MUST(ARGUMENT, breachdex_policy_check(rules, corpus, &candidate, NULL, &error));
    candidate.password_length = 8;
    MUST(ARGUMENT, breachdex_policy_check(rules, corpus, &candidate, &verdict, &error));
    candidate.password = bytes("password");
    candidate.event = -1;
    MUST(ARGUMENT, breachdex_policy_check(rules, corpus, &candidate, &verdict, &error));
    candidate.event = 0;
    candidate.user_name = "\xff";
    MUST(ARGUMENT, breachdex_policy_check(rules, corpus, &candidate, &verdict, &error));
    candidate.user_name = NULL;
    candidate.email = large;
    candidate.password = bytes(large);
    candidate.password_length = length;
    MUST(OK, breachdex_policy_check(rules, corpus, &candidate, &verdict, &error));
    THAT(breachdex_verdict_code(verdict, SIZE_MAX) == NULL);
    THAT(breachdex_verdict_message(verdict, SIZE_MAX, "ja") == NULL);
    breachdex_string_free(breachdex_verdict_json(verdict, large));
    breachdex_string_free(breachdex_verdict_message(verdict, 0, "\xff"));
    breachdex_verdict_free(verdict);
}

static void *ask(void *number) {
    for (int turn = 0; turn < 300; turn++) {
        breachdex_error *own = NULL;
        breachdex_exposure exposure;
        breachdex_verdict *verdict;
        breachdex_candidate candidate = {bytes("password"), 8, "somebody", NULL, NULL, 0};
        breachdex_examine(shared, bytes("password"), turn % 9, 1, &exposure, turn % 2 ? &own : NULL);
        breachdex_error_free(own);
        if (breachdex_policy_check(rules, shared, &candidate, &verdict, NULL) == BREACHDEX_STATUS_OK) {
            breachdex_string_free(breachdex_verdict_json(verdict, "ja"));
        }
        breachdex_verdict_free(verdict);
        if (turn % 50 == 0) {
            breachdex_string_free(breachdex_describe(shared));
        }
    }
    return number;
}

/* Has the index be another file again and again, a good one and a spoilt one. */
static void *replace(void *whole) {
    static char content[1 << 16], other[4096];
    FILE *file = fopen(path, "rb");
    size_t length = fread(content, 1, sizeof content, file);
    fclose(file);
    snprintf(other, sizeof other, "%s.new", path);
    for (int turn = 0; turn < 60; turn++) {
        file = fopen(other, "wb");
        fwrite(content, 1, turn % 3 == 1 ? length / 2 : length, file);
        fclose(file);
        THAT(rename(other, path) == 0);
    }
    return whole;
}

int main(int count, char **arguments) {
    THAT(count == 2);
    path = arguments[1];
    size_t length = (size_t)1 << 20;
    char *large = malloc(length + 1);
    memset(large, 'a', length);
    large[length] = 0;
    nothing();
    breachdex_options *options = breachdex_options_new();
    MUST(ARGUMENT, breachdex_options_add_index(options, "\xff", &error));
    MUST(ARGUMENT, breachdex_options_add_trusted_key(options, "/", &error));
    shared = (breachdex_corpus *)(void *)&length;
    /* Of options that were refused nothing is opened, whatever else is added. */
    MUST(OK, breachdex_options_add_index(options, path, &error));
    MUST(ARGUMENT, breachdex_open(options, &shared, &error));
    THAT(shared == NULL);
    breachdex_options_free(options);
    options = breachdex_options_new();
    MUST(OK, breachdex_options_add_index(options, large, &error));
    shared = (breachdex_corpus *)(void *)&length;
    MUST(IO, breachdex_open(options, &shared, &error));
    THAT(shared == NULL);
    breachdex_options_free(options);
    options = breachdex_options_new();
    MUST(OK, breachdex_options_add_index(options, path, &error));
    MUST(OK, breachdex_open(options, &shared, &error));
    breachdex_options_free(options);
    MUST(OK, breachdex_policy_of_profile("nist", &rules, &error));
    questions(shared, large, length);
    policies(shared, large, length);
    free(large);
    pthread_t threads[4];
    for (int number = 0; number < 4; number++) {
        THAT(pthread_create(&threads[number], NULL, number ? ask : replace, NULL) == 0);
    }
    for (int number = 0; number < 4; number++) {
        pthread_join(threads[number], NULL);
    }
    breachdex_corpus_free(shared);
    breachdex_policy_free(rules);
    puts("done");
    return 0;
}
