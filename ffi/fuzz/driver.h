/* What the fuzz targets have in common. Each defines LLVMFuzzerTestOneInput, so that clang's
 * -fsanitize=fuzzer drives it with -DSEGLOSS_LIBFUZZER; without, main() below does, with inputs of its own
 * from a seed: `program [inputs [seed]]`. */

#ifndef SEGLOSS_FUZZ_DRIVER_H
#define SEGLOSS_FUZZ_DRIVER_H

#include <math.h>
#include <segloss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            char why[1024];                                                                        \
            segloss_last_message(why, sizeof why);                                                 \
            fprintf(stderr, "line %d: %s (\"%s\")\n", __LINE__, #condition, why);                  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input, byte by byte; zeros after its end. */
typedef struct {
    const uint8_t *data;
    size_t size;
} bytes;

static inline uint8_t next(bytes *input) {
    if (input->size == 0) return 0;
    input->size--;
    return *input->data++;
}

static inline uint64_t next64(bytes *input) {
    uint64_t number = 0;
    int i;
    for (i = 0; i < 8; i++) number = number << 8 | next(input);
    return number;
}

#ifndef SEGLOSS_LIBFUZZER
/* A target's words, put among the bytes to get past what random ones get stuck at. */
#ifdef WORDS
static const char *const words[] = {WORDS};
static const size_t word_count = COUNT(words);
#else
static const char *const words[] = {""};
static const size_t word_count = 0;
#endif

static uint64_t random_state;

static uint32_t random_below(uint32_t limit) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 32) % limit);
}

int main(int count, char **arguments) {
    const unsigned long inputs = count > 1 ? strtoul(arguments[1], NULL, 10) : 20000;
    unsigned long done;
    static uint8_t data[512];
    random_state = count > 2 ? strtoul(arguments[2], NULL, 10) : 1;
    for (done = 0; done < inputs; done++) {
        const size_t size = random_below(sizeof data);
        const uint32_t by_words = word_count ? random_below(100) : 0;
        size_t at = 0;
        while (at < size) {
            if (random_below(100) < by_words) {
                const char *word = words[random_below((uint32_t)word_count)];
                const size_t length = strlen(word);
                if (length > size - at) break;
                memcpy(data + at, word, length);
                at += length;
            } else {
                data[at++] = (uint8_t)random_below(256);
            }
        }
        LLVMFuzzerTestOneInput(data, at);
    }
    printf("%lu inputs\n", done);
    return 0;
}
#endif

#endif
