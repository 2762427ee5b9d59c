/* The number that stands for foreground in a mask of integers, of what counts: the same in all of it. As bits without
   a sign, so that negative numbers are the largest. */
#if FOREGROUND
/* The largest number, and the smallest that is not 0, less 1: of 0 that is the largest there is. */
#define FOREGROUND_STORAGE \
    unsigned_targets largest = (unsigned_targets)(0); \
    unsigned_targets below_smallest = (unsigned_targets)(~(unsigned_target)0);
#define SEE_FOREGROUND(found, valid) { \
        const unsigned_targets counted = COUNTED(found, valid); \
        largest = max(largest, counted); \
        below_smallest = min(below_smallest, (unsigned_targets)(counted - (unsigned_targets)(1))); \
    }
#define NOTE_FOREGROUND(own) note_foreground(&(own), largest, below_smallest)

/* Notes what a work item has seen. Where it does not fit, which target is the first is the host's to find. */
void note_foreground(notes *own, unsigned_targets largest, unsigned_targets below_smallest) {
    unsigned_target each[WIDTH], below[WIDTH];
    STORE_UNSIGNED(largest, each);
    STORE_UNSIGNED(below_smallest, below);
    for (uint lane = 1; lane < WIDTH; lane++) {
        each[0] = max(each[0], each[lane]);
        below[0] = min(below[0], below[lane]);
    }
    own->foreground = each[0];
    if (each[0] > MOST_FOREGROUND || (each[0] != 0 && each[0] - 1 != below[0])) {
        own->bad_target = 0;
    }
}

/* Joins what is known of two parts of a mask; a bad target where they differ. */
void join_foreground(ulong *own, ulong other, ulong *bad_target) {
    if (*own == 0) {
        *own = other;
    } else if (other != 0 && other != *own) {
        *bad_target = 0;
    }
}
#else
#define FOREGROUND_STORAGE
#define SEE_FOREGROUND(found, valid)
#define NOTE_FOREGROUND(own)
#endif
