/* Is a password exposed? It is the first line of standard input. `check pwned.bdx` */
#include <breachdex.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **arguments) {
    char password[1024] = "";
    breachdex_corpus *corpus = NULL;
    breachdex_error *error = NULL;
    breachdex_exposure found = {0};
    breachdex_options *options = breachdex_options_new();
    if (count != 2 || fgets(password, sizeof password, stdin) == NULL) {
        return 2;
    }
    password[strcspn(password, "\r\n")] = 0;
    if (breachdex_options_add_index(options, arguments[1], &error) != BREACHDEX_STATUS_OK ||
        breachdex_open(options, &corpus, &error) != BREACHDEX_STATUS_OK ||
        breachdex_examine(corpus, (const uint8_t *)password, strlen(password), 1, &found, &error) !=
            BREACHDEX_STATUS_OK) {
        fprintf(stderr, "%s\n", breachdex_error_message(error));
        return 2;
    }
    breachdex_corpus_free(corpus);
    breachdex_options_free(options);
    puts(found.exposed ? "exposed" : "not exposed");
    return found.exposed;
}
