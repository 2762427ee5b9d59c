/* What the C tests have in common: checks that are counted, and numbers in no order. */

#ifndef SEGLOSS_TEST_CHECK_H
#define SEGLOSS_TEST_CHECK_H

#include <math.h>
#include <segloss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int failures;
static char message[1024];

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            failures++;                                                                            \
            segloss_last_message(message, sizeof message);                                         \
            printf("line %d: %s (\"%s\")\n", __LINE__, #condition, message);                       \
        }                                                                                          \
    } while (0)

/* The call is refused with this code, and a message that says this. */
#define REFUSES(call, code, says)                                                                  \
    do {                                                                                           \
        CHECK((call) == SEGLOSS_RESULT_##code);                                                    \
        segloss_last_message(message, sizeof message);                                             \
        CHECK(strstr(message, says) != NULL);                                                      \
    } while (0)

static double noise(void) {
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (double)(state >> 8) / 16777216.0;
}

static int finish(void) {
    puts(failures ? "some checks failed" : "all checks passed");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
