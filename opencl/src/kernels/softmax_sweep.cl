/* Sums the blocks of one sample, and writes their gradient if it is GRADIENT; without LOSSES only what
   means are divided by. */
kernel void SWEEP(INPUTS, global real *block_sums, global uint *block_notes GRADIENT_INPUTS) {
    BLOCK_STORAGE
    const ulong block = BLOCK_INDEX;
    const ulong plane = get_global_id(1);
#if GRADIENT
    if (report[0] != 0) {
        return;
    }
    factors += FACTORS_OF(plane);
#endif
    lanes sums[SUMS][PARTS];
    for (uint s = 0; s < SUMS; s++) {
        for (uint part = 0; part < PARTS; part++) {
            sums[s][part] = (lanes)(0);
        }
    }
    notes own = no_notes();
    mask counted = (mask)(0);
    for (uint row = 0; row < BLOCK; row += ACCUMULATORS) {
        for (uint part = 0; part < PARTS; part++) {
            const uint place = row + (part * ITEMS + ITEM) * WIDTH;
            const ulong i = block * BLOCK + place;
            if (block >= blocks || i >= pixels) {
                continue;
            }
            const ulong count = pixels - i;
            const targets_t stored = load_targets(targets + targets_first + plane * pixels + i, count);
            const mask valid = VALID(stored, count);
            note_bad(&own.bad_target, valid & !IS_LABEL(stored), place, 0, 1);
            counted += valid & (mask)(1);
            NOTE_MASK(own, stored, KEPT(count));
            const lanes label = TO_LANES(stored);
            lanes weights[WEIGHTS];
            LOAD_WEIGHTS
            lanes values[TERM_SUMS];
#if LOSSES
            lanes exps[CLASSES];
            const quantities found = find_quantities(
                logits + logits_first + plane * CLASSES * pixels + i, pixels, count, label, exps);
            class_values(found.below, found.own, found.others, found.inverse, weights, values);
#else
            NO_VALUES
#endif
            DENOMINATOR_VALUES
            for (uint s = 0; s < TERM_SUMS; s++) {
                sums[s][part] += valid ? values[s] : (lanes)(0);
            }
#if REGION || GRADIENT
            lanes share, rest;
            class_parts(found.below, found.own, found.others, found.inverse, &share, &rest);
            for (uint k = 0; k < CLASSES; k++) {
                exps[k] = probability_of(label, (lanes)(k), exps[k], found.inverse, share);
            }
#endif
#if REGION
            for (uint k = 0; k < CLASSES; k++) {
                lanes of_class[3];
                class_sums(label, (lanes)(k), exps[k], rest, weights, of_class);
                for (uint s = 0; s < 3; s++) {
                    sums[TERM_SUMS + 3 * k + s][part] += valid ? of_class[s] : (lanes)(0);
                }
            }
#endif
#if GRADIENT
            const lanes of_terms =
                class_slope(found.below, found.own, found.others, found.inverse, weights, factors);
            const lanes slope = valid ? of_terms : (lanes)(0);
            global storage *to = gradient + gradient_first + plane * CLASSES * pixels + i;
            for (uint k = 0; k < CLASSES; k++) {
                const lanes of_class = logit_gradient(label, (lanes)(k), exps[k], rest, slope,
                                                      (lanes)(0), (lanes)(0), weights, slopes);
                store_gradient(valid ? of_class : (lanes)(0), to + k * pixels, count, accumulate);
            }
#endif
        }
    }
    own.count = sum_lanes(counted);
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
