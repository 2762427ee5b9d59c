/* 2^k from a number that holds k plus the exponent bias in its low bits. */
NUMBER PREFIX_pow2_of_low_bits(NUMBER x) {
    return AS_NUMBER(AS_BITS(x) << MANTISSA);
}

/* n of x = m * 2^n with m in [sqrt(1/2), sqrt(2)). */
SIGNED PREFIX_binary_exponent(NUMBER x) {
    return AS_SIGNED(AS_BITS(x) - ROOT_HALF) >> MANTISSA;
}

NUMBER PREFIX_split_exponent(NUMBER x) {
    return FROM_SIGNED(PREFIX_binary_exponent(x));
}

NUMBER PREFIX_split_mantissa(NUMBER x) {
    return AS_NUMBER(AS_BITS(x) - (AS_BITS_OF_SIGNED(PREFIX_binary_exponent(x)) << MANTISSA));
}
