/* Sums of blocks in double precision. */
typedef double wide;
typedef double sum;
#define SUM_ZERO 0.0

sum sum_add(sum s, real x) {
    return s + (double)x;
}

sum sum_add_wide(sum s, wide x) {
    return s + x;
}

sum sum_count(sum s, ulong pixels) {
    return s + (double)pixels;
}

sum sum_merge(sum s, sum other) {
    return s + other;
}

wide sum_total(sum s) {
    return s;
}

ulong wide_bits(wide x) {
    return as_ulong(x);
}
