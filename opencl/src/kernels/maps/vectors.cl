/* Vectors anywhere in memory. Not vload16 and vstore16, which PoCL 3.1 takes apart into elements. */
#define VECTOR_AT(vector) typedef struct __attribute__((packed)) { vector all; } vector##_at;
VECTOR_AT(uchar16)
VECTOR_AT(ushort16)
VECTOR_AT(uint16)
VECTOR_AT(int16)
VECTOR_AT(label16)
VECTOR_AT(gap16)
#define LOAD(vector, from) LOAD_AS(vector, from)
#define LOAD_AS(vector, from) (((global const vector##_at *)(from))->all)
#define STORE(vector, value, to) (((global vector##_at *)(to))->all = (value))
