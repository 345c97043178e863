/* Eight threads share a corpus and a policy. Argument: an index of "password". */
#include <breachdex.h>
#include <pthread.h>
#include <stdio.h>

static breachdex_corpus *corpus;
static breachdex_policy *policy;

static void *ask(void *wrong) {
    for (int round = 0; round < 1000; round++) {
        uint64_t count = 0;
        const uint8_t *password = (const uint8_t *)(round % 2 ? "password" : "passwort");
        if (breachdex_count(corpus, password, 8, &count, NULL) != BREACHDEX_STATUS_OK || (count > 0) != round % 2) {
            *(int *)wrong += 1;
        }
        breachdex_candidate candidate = {password, 8, NULL, NULL, NULL, BREACHDEX_EVENT_SIGN_UP};
        breachdex_verdict *verdict = NULL;
        if (breachdex_policy_check(policy, corpus, &candidate, &verdict, NULL) != BREACHDEX_STATUS_OK ||
            (breachdex_verdict_reasons(verdict) > 0) != round % 2) {
            *(int *)wrong += 1;
        }
        breachdex_verdict_free(verdict);
    }
    return NULL;
}

int main(int count, char **arguments) {
    breachdex_options *options = breachdex_options_new();
    pthread_t threads[8];
    int wrong[8] = {0}, all = 0;
    if (count != 2 || breachdex_options_add_index(options, arguments[1], NULL) != BREACHDEX_STATUS_OK ||
        breachdex_open(options, &corpus, NULL) != BREACHDEX_STATUS_OK ||
        breachdex_policy_of_profile("permissive", &policy, NULL) != BREACHDEX_STATUS_OK) {
        return 2;
    }
    breachdex_options_free(options);
    for (int thread = 0; thread < 8; thread++) {
        pthread_create(&threads[thread], NULL, ask, &wrong[thread]);
    }
    for (int thread = 0; thread < 8; thread++) {
        pthread_join(threads[thread], NULL);
        all += wrong[thread];
    }
    breachdex_corpus_free(corpus);
    breachdex_policy_free(policy);
    printf("wrong answers: %d\n", all);
    return all != 0;
}
