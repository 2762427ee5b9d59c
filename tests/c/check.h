/* What the C tests of both libraries have in common: checks that are counted, and what a program tells at its
   end. Beforehand, LAST_MESSAGE is the library's function of that name, and RESULT(code) one of its results. */

#ifndef SEGLOSS_TEST_CHECK_H
#define SEGLOSS_TEST_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
static char message[4096];

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            failures++;                                                                            \
            LAST_MESSAGE(message, sizeof message);                                                 \
            printf("line %d: %s (\"%s\")\n", __LINE__, #condition, message);                       \
        }                                                                                          \
    } while (0)

/* The call is refused with this code, and a message that says this. */
#define REFUSES(call, code, says)                                                                  \
    do {                                                                                           \
        CHECK((call) == RESULT(code));                                                             \
        LAST_MESSAGE(message, sizeof message);                                                     \
        CHECK(strstr(message, says) != NULL);                                                      \
    } while (0)

static inline int finish(void) {
    puts(failures ? "some checks failed" : "all checks passed");
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
