typedef float real;
typedef uint bits;
typedef int signed_bits;
#define as_real as_float
#define as_bits as_uint
#define as_signed as_int
#define MANTISSA 23
/* 1.5 * 2^23 + 2 * 127: leaves n + 254 in the low bits. */
#define MAGIC 0x1.8001fcp+23f
/* The bits of sqrt(1/2). */
#define ROOT_HALF 0x3f3504f3u
