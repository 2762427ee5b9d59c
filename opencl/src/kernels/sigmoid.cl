/* A work group sums a block of one channel of one sample; each work item is an accumulator. */
kernel void reduce(global const real *logits, global const target *targets, ulong pixels,
                   int ignoring, target ignored, global real *block_sums) {
    local real tree[ACCUMULATORS];
    const ulong block = get_group_id(0);
    const ulong plane = get_group_id(1);
    const ulong end = min(pixels, (block + 1) * BLOCK);
    real sums[SUMS];
    for (uint s = 0; s < SUMS; s++) {
        sums[s] = 0;
    }
    for (ulong i = block * BLOCK + get_local_id(0); i < end; i += ACCUMULATORS) {
        const target found = targets[plane * pixels + i];
        if (ignoring && found == ignored) {
            continue;
        }
        real values[SUMS];
        pixel_values(logits[plane * pixels + i], SHARE(found), values);
        for (uint s = 0; s < SUMS; s++) {
            sums[s] += values[s];
        }
    }
    for (uint s = 0; s < SUMS; s++) {
        const real total = tree_sum(sums[s], tree);
        if (get_local_id(0) == 0) {
            block_sums[(plane * get_num_groups(0) + block) * SUMS + s] = total;
        }
    }
}

/* A work item a logit. */
kernel void gradient(global const real *logits, global const target *targets, ulong pixels,
                     int ignoring, target ignored, global const real *factors,
                     global const real *slopes, global real *result) {
    const ulong i = get_global_id(0);
    const ulong plane = get_group_id(1);
    if (i >= pixels) {
        return;
    }
    const ulong at = plane * pixels + i;
    const target found = targets[at];
    if (ignoring && found == ignored) {
        result[at] = 0;
        return;
    }
    result[at] = pixel_gradient(logits[at], SHARE(found), factors, slopes + 2 * plane);
}
