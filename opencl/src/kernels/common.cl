/* The pixels that a work item computes at a time: the first `count` of `WIDTH` are there. */
mask first_lanes(ulong count) {
    return count >= WIDTH ? ALL : INDICES < TO_INDEX(count);
}

/* The first of `WIDTH` pixels that is marked; one is. */
uint first_marked(mask marked) {
    MASK_ELEMENT each[WIDTH];
    STORE_MASK(marked, each);
    uint first = 0;
    while (first < WIDTH - 1 && !each[first]) {
        first++;
    }
    return first;
}

/* The sum of what each of `WIDTH` pixels counts for. */
uint sum_lanes(mask counted) {
    MASK_ELEMENT each[WIDTH];
    STORE_MASK(counted, each);
    uint sum = 0;
    for (uint lane = 0; lane < WIDTH; lane++) {
        sum += (uint)each[lane];
    }
    return sum;
}

/* What a block says besides its sums. */
typedef struct {
    /* Pixels that count. */
    uint count;
    /* The first target of no meaning, and the first weight, as a place from 1 on; NONE if there is none. */
    uint bad_target;
    uint bad_weight;
    uint flags;
#if FOREGROUND
    /* The number that stands for foreground; 0 if there is none. */
    ulong foreground;
#endif
} notes;

#define NONE 0xffffffffu

/* Words of what a block says: the number that stands for foreground comes last. */
#define BLOCK_NOTES (4 + FOREGROUND)

/* Flags: the call has a weight other than 0; a target is 255; a target is neither 0 nor 255. */
#define WEIGHS 1u
#define HOLDS_255 2u
#define HOLDS_OTHER 4u

notes no_notes(void) {
    notes none = {0, NONE, NONE, 0};
    return none;
}

/* Notes which labels of a possible mask of 0 and 255 there are, ignored or not, among the pixels that a call keeps. */
#if REFUSES_MASKS
#define NOTE_MASK(own, found, kept) \
    own.flags |= (ANY((kept) & TO_MASK((found) == (target)255)) ? HOLDS_255 : 0) | \
                 (ANY((kept) & TO_MASK((found) != (target)0) & TO_MASK((found) != (target)255)) ? HOLDS_OTHER : 0)
#else
#define NOTE_MASK(own, found, kept)
#endif

/* Notes a place among the block's own, of one of several arguments, if anything there is bad. */
void note_bad(uint *found, mask bad, uint place, uint argument, uint arguments) {
    if (ANY(bad)) {
        *found = min(*found, (place + first_marked(bad)) * arguments + argument);
    }
}

#if ITEMS == 1
/* The sum over a block's accumulators, as a tree of halves. */
real tree_sum(const lanes *partial) {
    real all[ACCUMULATORS];
    for (uint part = 0; part < PARTS; part++) {
        STORE_REAL(partial[part], all + part * WIDTH);
    }
    for (uint half_width = ACCUMULATORS / 2; half_width > 0; half_width /= 2) {
        for (uint k = 0; k < half_width; k++) {
            all[k] += all[k + half_width];
        }
    }
    return all[0];
}

/* A work item computes a block by itself. */
#define BLOCK_STORAGE
#define BLOCK_INDEX get_global_id(0)
#define ITEM 0
#define IS_FIRST_ITEM 1
#define TREE_SUM(partial) tree_sum(partial)
#define JOIN_NOTES(own)
#else
/* The sum over ITEMS work items, one accumulator each, as a tree of halves. */
real tree_sum(real sum, uint item, local real *sums) {
    sums[item] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint half_width = ACCUMULATORS / 2; half_width > 0; half_width /= 2) {
        if (item < half_width) {
            sums[item] += sums[item + half_width];
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    const real total = sums[0];
    barrier(CLK_LOCAL_MEM_FENCE);
    return total;
}

/* The notes of ITEMS work items together. */
void join_notes(notes *own, uint item, local uint *joined) {
    if (item == 0) {
        joined[0] = joined[3] = 0;
        joined[1] = joined[2] = NONE;
#if FOREGROUND
        for (uint word = 0; word < FOREGROUND; word++) {
            joined[4 + word] = 0;
        }
#endif
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    atomic_add(&joined[0], own->count);
    atomic_min(&joined[1], own->bad_target);
    atomic_min(&joined[2], own->bad_weight);
    atomic_or(&joined[3], own->flags);
#if FOREGROUND
    /* That of any item; each compares its own with it. */
    for (uint word = 0; own->foreground != 0 && word < FOREGROUND; word++) {
        atomic_xchg(&joined[4 + word], (uint)(own->foreground >> 32 * word));
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    ulong of_any = 0;
    for (uint word = 0; word < FOREGROUND; word++) {
        of_any |= (ulong)joined[4 + word] << 32 * word;
    }
    if (own->foreground != 0 && own->foreground != of_any) {
        atomic_min(&joined[1], 0u);
    }
    own->foreground = of_any;
#endif
    barrier(CLK_LOCAL_MEM_FENCE);
    own->count = joined[0];
    own->bad_target = joined[1];
    own->bad_weight = joined[2];
    own->flags = joined[3];
    barrier(CLK_LOCAL_MEM_FENCE);
}

/* ITEMS work items compute a block, each one accumulator; a group has BLOCKS_A_GROUP blocks. */
#define BLOCK_STORAGE \
    local real tree[BLOCKS_A_GROUP][ACCUMULATORS]; \
    local uint joined[BLOCKS_A_GROUP][BLOCK_NOTES]; \
    const uint own_block = get_local_id(0) / ITEMS;
#define BLOCK_INDEX (get_group_id(0) * BLOCKS_A_GROUP + own_block)
#define ITEM (get_local_id(0) % ITEMS)
#define IS_FIRST_ITEM (ITEM == 0)
#define TREE_SUM(partial) tree_sum((partial)[0], ITEM, tree[own_block])
#define JOIN_NOTES(own) join_notes(&(own), ITEM, joined[own_block])
#endif

/* Writes what a block says. */
void write_notes(global uint *block_notes, ulong at, const notes *own) {
    block_notes += BLOCK_NOTES * at;
    block_notes[0] = own->count;
    block_notes[1] = own->bad_target;
    block_notes[2] = own->bad_weight;
    block_notes[3] = own->flags;
#if FOREGROUND
    for (uint word = 0; word < FOREGROUND; word++) {
        block_notes[4 + word] = (uint)(own->foreground >> 32 * word);
    }
#endif
}
