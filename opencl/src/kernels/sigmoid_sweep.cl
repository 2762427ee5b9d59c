/* Sums the blocks of one channel of one sample, and writes their gradient if it is GRADIENT; without
   LOSSES only what means are divided by. */
kernel void SWEEP(INPUTS, global real *block_sums, global uint *block_notes GRADIENT_INPUTS) {
    BLOCK_STORAGE
    const ulong block = BLOCK_INDEX;
    const ulong plane = get_global_id(1);
#if GRADIENT
    if (report[0] != 0) {
        return;
    }
    factors += FACTORS_OF(plane / CLASSES);
#endif
    lanes sums[SUMS][PARTS];
    for (uint s = 0; s < SUMS; s++) {
        for (uint part = 0; part < PARTS; part++) {
            sums[s][part] = (lanes)(0);
        }
    }
    notes own = no_notes();
    mask counted = (mask)(0);
    FOREGROUND_STORAGE
    for (uint row = 0; row < BLOCK; row += ACCUMULATORS) {
        for (uint part = 0; part < PARTS; part++) {
            const uint place = row + (part * ITEMS + ITEM) * WIDTH;
            const ulong i = block * BLOCK + place;
            if (block >= blocks || i >= pixels) {
                continue;
            }
            const ulong count = pixels - i;
            const targets_t found = load_targets(targets + targets_first + plane * pixels + i, count);
            const mask valid = VALID(found, count);
            note_bad(&own.bad_target, valid & !IS_SHARE(found), place, 0, 1);
            counted += valid & (mask)(1);
            SEE_FOREGROUND(found, valid)
            lanes weights[WEIGHTS];
            LOAD_WEIGHTS
            lanes values[SUMS];
#if LOSSES
            const lanes z = load_logits(logits + logits_first + plane * pixels + i, count);
            pixel_values(z, SHARE(found), weights, values);
#else
            NO_VALUES
#endif
            DENOMINATOR_VALUES
#if GRADIENT
            const lanes slope = pixel_gradient(z, SHARE(found), weights, factors, slopes);
            store_gradient(valid ? slope : (lanes)(0), gradient + gradient_first + plane * pixels + i,
                           count, accumulate);
#endif
            for (uint s = 0; s < SUMS; s++) {
                sums[s][part] += valid ? values[s] : (lanes)(0);
            }
        }
    }
    own.count = sum_lanes(counted);
    NOTE_FOREGROUND(own);
    JOIN_NOTES(own);
    const ulong at = plane * blocks + block;
    for (uint s = 0; s < SUMS; s++) {
        const real total = TREE_SUM(sums[s]);
        if (IS_FIRST_ITEM && block < blocks) {
            block_sums[at * SUMS + s] = total;
        }
    }
    if (IS_FIRST_ITEM && block < blocks) {
        write_notes(block_notes, at, &own);
    }
}
