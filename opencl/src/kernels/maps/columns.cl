/* Steps to the nearest pixel that ends a distance, along an image's first axis: one more than the
   neighbour's, or none to one. */
gap next_gap(label here, label neighbour, gap from, label than) {
    const gap farther = from == NO_GAP ? NO_GAP : (gap)(from + 1);
#if BY_LABEL
    return here == neighbour ? farther : 1;
#else
    return IS_SOURCE(here, than) ? 0 : farther;
#endif
}

/* A sweep there and one back over a column: a work item a column, neighbouring ones beside each
   other in memory. */
kernel void columns(global const label *labels, global gap *gaps, ulong length, ulong count,
                    label than) {
    const ulong column = get_global_id(0);
    if (column >= count) {
        return;
    }
    const ulong base = get_global_id(1) * length * count + column;
    labels += base;
    gaps += base;
    gap steps = NO_GAP;
    label neighbour = labels[0];
    for (ulong i = 0; i < length; i++) {
        const label here = labels[i * count];
        steps = next_gap(here, neighbour, steps, than);
        gaps[i * count] = steps;
        neighbour = here;
    }
    steps = NO_GAP;
    for (ulong i = length; i-- > 0;) {
        const label here = labels[i * count];
        steps = next_gap(here, neighbour, steps, than);
        gaps[i * count] = min(gaps[i * count], steps);
        neighbour = here;
    }
}
