/* Sums of blocks as two single-precision numbers, for devices without double precision: a rounded sum
   and its error (Knuth's two-sum), as `Compensated` on the CPU. */
typedef float wide;
typedef float2 sum;
#define SUM_ZERO ((float2)(0.0f, 0.0f))

sum sum_add(sum s, real x) {
    const float to = s.x + (float)x;
    const float back = to - s.x;
    const float error = s.y + ((s.x - (to - back)) + ((float)x - back));
    if (isnan(error)) {
        return (float2)(to, 0.0f);
    }
    const float joined = to + error;
    return (float2)(joined, error - (joined - to));
}

sum sum_add_wide(sum s, wide x) {
    return sum_add(s, x);
}

sum sum_count(sum s, ulong pixels) {
    /* In parts that a float holds exactly. */
    s = sum_add(s, (float)(uint)(pixels >> 48) * 0x1p48f);
    s = sum_add(s, (float)(uint)(pixels >> 24 & 0xfffffful) * 0x1p24f);
    return sum_add(s, (float)(uint)(pixels & 0xfffffful));
}

sum sum_merge(sum s, sum other) {
    return sum_add(sum_add(s, other.x), other.y);
}

wide sum_total(sum s) {
    return s.x + s.y;
}

ulong wide_bits(wide x) {
    return (ulong)as_uint(x);
}
