#pragma OPENCL EXTENSION cl_khr_fp64 : enable
typedef double real;
typedef ulong bits;
typedef long signed_bits;
#define as_real as_double
#define as_bits as_ulong
#define as_signed as_long
#define MANTISSA 52
/* The bits of sqrt(1/2). */
#define ROOT_HALF 0x3fe6a09e667f3bcdul
