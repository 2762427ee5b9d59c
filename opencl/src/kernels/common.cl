/* 2^k from a number that holds k plus the exponent bias in its low bits. */
real pow2_of_low_bits(real x) {
    return as_real(as_bits(x) << MANTISSA);
}

/* n of x = m * 2^n with m in [sqrt(1/2), sqrt(2)). */
signed_bits binary_exponent(real x) {
    return as_signed(as_bits(x) - ROOT_HALF) >> MANTISSA;
}

real split_exponent(real x) {
    return (real)binary_exponent(x);
}

real split_mantissa(real x) {
    return as_real(as_bits(x) - ((bits)binary_exponent(x) << MANTISSA));
}

/* The sum over a work group, one number a work item, as a tree of halves. */
real tree_sum(real sum, local real *sums) {
    const uint lane = get_local_id(0);
    sums[lane] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint width = ACCUMULATORS / 2; width > 0; width /= 2) {
        if (lane < width) {
            sums[lane] += sums[lane + width];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    const real total = sums[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return total;
}
