/* Squared distances along the axes done so far: what a pixel costs the others on its line. */
#if SPACED
typedef double cost;
#define NONE ((cost)INFINITY)
#elif WIDE
typedef long cost;
#define NONE ((1l << 62) - 64)
#else
typedef int cost;
#define NONE ((1 << 30) - 64)
#endif

/* The cost after a number of steps along the first axis, whose squared spacing is the weight. */
cost of_gap(gap steps, cost weight) {
    const cost along = (cost)steps;
    return steps == NO_GAP ? NONE : along * along * weight;
}

/* A cost seen from so many steps away. */
cost seen_from(cost from, long steps, cost weight) {
    const cost along = (cost)steps;
    return from + along * along * weight;
}

/* Counted from a pixel of cost `own`, the first one on the line to which the pixel `ahead` of it, of
   cost `other`, is at least as near. */
long overtaken(cost own, cost other, long ahead, cost weight) {
    const cost steps = (cost)ahead;
#if SPACED
    return convert_long_sat(ceil(((other - own) / weight + steps * steps) / (2 * steps)));
#else
    const cost doubled = other - own + steps * steps;
    const cost both = 2 * steps;
    return doubled > 0 ? (doubled - 1) / both + 1 : doubled / both;
#endif
}

/* The distance, infinite where there is nothing to measure to. */
real distance_of(cost squared) {
#if SPACED
    return (real)sqrt(squared);
#elif WIDE && HAS_DOUBLE
    /* Rounded as the CPU does, to double first. */
    return squared >= NONE ? (real)INFINITY : sqrt((real)(double)squared);
#else
    return squared >= NONE ? (real)INFINITY : sqrt((real)squared);
#endif
}
