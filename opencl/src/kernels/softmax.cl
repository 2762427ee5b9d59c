/* What a pixel's probabilities are found from. */
typedef struct {
    lanes label;
    lanes label_logit;
    lanes largest;
    lanes largest_class;
    lanes others;
} quantities;

/* Of the pixels whose logits of class k are at k * pixels; leaves their exponentials in `exps`. */
quantities find_quantities(global const storage *logits, ulong pixels, ulong count, lanes label,
                           lanes *exps) {
    quantities found;
    found.label = label;
    exps[0] = load_logits(logits, count);
    found.label_logit = exps[0];
    largest_first(exps[0], &found.largest, &found.largest_class);
    for (uint k = 1; k < CLASSES; k++) {
        const lanes logit = load_logits(logits + k * pixels, count);
        exps[k] = logit;
        found.label_logit = label == (lanes)(k) ? logit : found.label_logit;
        largest_with(logit, (lanes)(k), &found.largest, &found.largest_class);
    }
    found.others = (lanes)(0);
    for (uint k = 0; k < CLASSES; k++) {
        exps[k] = exp_of(exps[k], (lanes)(k), found.largest, found.largest_class);
        found.others = add_other(found.others, exps[k], (lanes)(k), found.largest_class);
    }
    return found;
}

/* Sums the blocks of one sample. */
kernel void reduce(INPUTS, global real *block_sums, global uint *block_notes) {
    BLOCK_STORAGE
    const ulong block = BLOCK_INDEX;
    const ulong plane = get_global_id(1);
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
            const lanes label = TO_LANES(stored);
            lanes weights[WEIGHTS];
            LOAD_WEIGHTS
            lanes exps[CLASSES];
            const quantities found = find_quantities(
                logits + logits_first + plane * CLASSES * pixels + i, pixels, count, label, exps);
            lanes values[TERM_SUMS];
            class_values(found.label, found.label_logit, found.largest, found.largest_class,
                         found.others, weights, values);
            DENOMINATOR_VALUES
            for (uint s = 0; s < TERM_SUMS; s++) {
                sums[s][part] += valid ? values[s] : (lanes)(0);
            }
#if REGION
            lanes inverse, q;
            class_parts(found.label, found.label_logit, found.largest, found.largest_class,
                        found.others, &inverse, &q);
            for (uint k = 0; k < CLASSES; k++) {
                lanes of_class[3];
                class_sums(label, (lanes)(k), exps[k], inverse, q, weights, of_class);
                for (uint s = 0; s < 3; s++) {
                    sums[TERM_SUMS + 3 * k + s][part] += valid ? of_class[s] : (lanes)(0);
                }
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

/* Writes the gradient of all classes at RUN pixels of one sample. */
kernel void gradient(INPUTS, global const real *factors, global const real *slopes,
                     global const ulong *report, int accumulate, global storage *gradient,
                     ulong gradient_first) {
    const ulong plane = get_global_id(1);
    if (report[0] != 0) {
        return;
    }
    factors += FACTORS_OF(plane);
    slopes += 2 * REGION * CLASSES * plane;
    for (ulong i = get_global_id(0) * RUN; i < min(pixels, (get_global_id(0) + 1) * RUN); i += WIDTH) {
        const ulong count = pixels - i;
        const targets_t stored = load_targets(targets + targets_first + plane * pixels + i, count);
        const mask valid = VALID(stored, count);
        const lanes label = TO_LANES(stored);
        const uint place = 0;
        lanes weights[WEIGHTS];
        LOAD_GRADIENT_WEIGHTS
        lanes exps[CLASSES];
        const quantities found = find_quantities(
            logits + logits_first + plane * CLASSES * pixels + i, pixels, count, label, exps);
        lanes inverse, q;
        class_parts(found.label, found.label_logit, found.largest, found.largest_class,
                    found.others, &inverse, &q);
        const lanes of_terms =
            class_slope(found.label, found.label_logit, found.largest, found.largest_class,
                        found.others, weights, factors);
        const lanes slope = valid ? of_terms : (lanes)(0);
        lanes shift = (lanes)(0);
        lanes mean = (lanes)(0);
#if REGION
        for (uint k = 0; k < CLASSES; k++) {
            shift = region_shift(shift, label, (lanes)(k), found.largest_class, slopes + 2 * k);
        }
        for (uint k = 0; k < CLASSES; k++) {
            mean = region_mean(mean, label, (lanes)(k), found.largest_class, exps[k], inverse, shift,
                               slopes + 2 * k);
        }
#endif
        global storage *own = gradient + gradient_first + plane * CLASSES * pixels + i;
        for (uint k = 0; k < CLASSES; k++) {
            const lanes of_class = logit_gradient(label, (lanes)(k), exps[k], inverse, q, slope, shift,
                                                  mean, weights, slopes + 2 * k);
            store_gradient(valid ? of_class : (lanes)(0), own + k * pixels, count, accumulate);
        }
    }
}
