/* What the C tests have in common: checks that are counted, and numbers in no order. */

#ifndef SEGLOSS_CPU_TEST_CHECK_H
#define SEGLOSS_CPU_TEST_CHECK_H

#include <math.h>
#include <segloss.h>

#define LAST_MESSAGE segloss_last_message
#define RESULT(code) SEGLOSS_RESULT_##code
#include "../../tests/c/check.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static double noise(void) {
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (double)(state >> 8) / 16777216.0;
}

#endif
