/* Asks libbreachdex for the digests of a file, and says how long a question took. `benches/c-abi.sh` compares it with the same loop in Rust.
 *
 *     lookups INDEX QUESTIONS ROUNDS
 */
#include <breachdex.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void fail(const char *what, breachdex_error *error)
{
    fprintf(stderr, "%s: %s\n", what, error ? breachdex_error_message(error) : "failed");
    exit(2);
}

int main(int argc, char **argv)
{
    breachdex_error *error = NULL;
    breachdex_corpus *corpus = NULL;
    breachdex_options *options = breachdex_options_new();
    if (argc != 4 || !options)
        fail("lookups INDEX QUESTIONS ROUNDS", NULL);
    if (breachdex_options_add_index(options, argv[1], &error) || breachdex_open(options, &corpus, &error))
        fail(argv[1], error);
    breachdex_options_free(options);
    FILE *file = fopen(argv[2], "rb");
    if (!file || fseek(file, 0, SEEK_END))
        fail(argv[2], NULL);
    size_t length = (size_t)ftell(file), questions = length / 20;
    uint8_t *digests = malloc(length);
    rewind(file);
    if (!digests || fread(digests, 1, length, file) != length)
        fail(argv[2], NULL);
    fclose(file);
    for (int round = 0; round < atoi(argv[3]); round++) {
        struct timespec begin, end;
        uint64_t sum = 0, found = 0;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        for (size_t at = 0; at < questions; at++) {
            uint64_t count = 0;
            if (breachdex_count_digest(corpus, digests + 20 * at, 20, &count, &error))
                fail("count", error);
            sum += count;
            found += count > 0;
        }
        clock_gettime(CLOCK_MONOTONIC, &end);
        double taken = 1e9 * (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec);
        printf("%.1f ns a question, %" PRIu64 " found, %" PRIu64 " in all\n", taken / (double)questions, found, sum);
    }
    free(digests);
    breachdex_corpus_free(corpus);
    return 0;
}
