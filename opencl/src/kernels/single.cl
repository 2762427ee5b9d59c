typedef float real;
typedef uint bits;
typedef int signed_bits;
#define as_real as_float
#define as_bits as_uint
#define as_signed as_int
#define MANTISSA 23
/* The bits of sqrt(1/2). */
#define ROOT_HALF 0x3f3504f3u
