/* Steps to the nearest pixel that ends a distance, along an image's first axis: a sweep there and one
   back over columns that lie beside each other in memory. A work item takes up to VECTORS vectors of
   LANES columns at a time, so that rows of memory are read in long pieces; with LANES and VECTORS 1,
   neighbouring items read neighbouring columns. */

/* One more than the neighbour's, or none to one. */
#define NEXT_GAP(vector, mask, here, neighbour, from, than) \
    BY_LABEL_ELSE(select((gap##vector)1, add_sat(from, (gap##vector)1), mask((here) == (neighbour))), \
                  select(add_sat(from, (gap##vector)1), (gap##vector)0, mask(IS_SOURCE(here, than))))
#if BY_LABEL
#define BY_LABEL_ELSE(a, b) a
#else
#define BY_LABEL_ELSE(a, b) b
#endif

/* One column. */
void column(global const label *labels, global gap *gaps, ulong length, ulong count, label than) {
    gap steps = NO_GAP;
    label neighbour = labels[0];
    for (ulong i = 0; i < length; i++) {
        const label here = labels[i * count];
        steps = NEXT_GAP(, TRUTH, here, neighbour, steps, than);
        gaps[i * count] = steps;
        neighbour = here;
    }
    steps = NO_GAP;
    for (ulong i = length; i-- > 0;) {
        const label here = labels[i * count];
        steps = NEXT_GAP(, TRUTH, here, neighbour, steps, than);
        gaps[i * count] = min(gaps[i * count], steps);
        neighbour = here;
    }
}

#if LANES > 1
/* So many vectors of columns. */
void vectors_of_columns(global const label *labels, global gap *gaps, ulong length, ulong count,
                        label than, uint vectors) {
    gap16 steps[VECTORS];
    label16 neighbours[VECTORS];
    for (uint v = 0; v < vectors; v++) {
        steps[v] = (gap16)NO_GAP;
        neighbours[v] = LOAD(label16, labels + 16 * v);
    }
    for (ulong i = 0; i < length; i++) {
        for (uint v = 0; v < vectors; v++) {
            const label16 here = LOAD(label16, labels + i * count + 16 * v);
            steps[v] = NEXT_GAP(16, TRUTHS, here, neighbours[v], steps[v], than);
            STORE(gap16, steps[v], gaps + i * count + 16 * v);
            neighbours[v] = here;
        }
    }
    for (uint v = 0; v < vectors; v++) {
        steps[v] = (gap16)NO_GAP;
    }
    for (ulong i = length; i-- > 0;) {
        for (uint v = 0; v < vectors; v++) {
            const label16 here = LOAD(label16, labels + i * count + 16 * v);
            const gap16 there = LOAD(gap16, gaps + i * count + 16 * v);
            steps[v] = NEXT_GAP(16, TRUTHS, here, neighbours[v], steps[v], than);
            STORE(gap16, min(steps[v], there), gaps + i * count + 16 * v);
            neighbours[v] = here;
        }
    }
}
#endif

/* The columns that whole vectors leave over are an item each. */
kernel void columns(global const label *labels, global gap *gaps, ulong length, ulong count,
                    label than) {
    const ulong item = get_global_id(0);
    const ulong base = get_global_id(1) * length * count;
    labels += base;
    gaps += base;
#if LANES > 1
    const ulong all = count / LANES;
    const ulong items = (all + VECTORS - 1) / VECTORS;
    if (item < items) {
        const ulong first = item * VECTORS * LANES;
        const uint vectors = min((ulong)VECTORS, all - item * VECTORS);
        vectors_of_columns(labels + first, gaps + first, length, count, than, vectors);
        return;
    }
    const ulong left = all * LANES + item - items;
#else
    const ulong left = item;
#endif
    if (left < count) {
        column(labels + left, gaps + left, length, count, than);
    }
}
