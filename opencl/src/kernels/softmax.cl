/* What a pixel's probabilities are found from. */
typedef struct {
    real label;
    real label_logit;
    real largest;
    real largest_class;
    real others;
} quantities;

/* Of the pixel whose logit of class k is logits[k * pixels]. */
quantities find_quantities(global const real *logits, ulong pixels, uint classes, real label) {
    quantities found;
    found.label = label;
    found.label_logit = logits[(ulong)label * pixels];
    largest_first(logits[0], &found.largest, &found.largest_class);
    for (uint k = 1; k < classes; k++) {
        largest_with(logits[k * pixels], (real)k, &found.largest, &found.largest_class);
    }
    found.others = 0;
    for (uint k = 0; k < classes; k++) {
        found.others = add_other(found.others, logits[k * pixels], (real)k, found.largest,
                                 found.largest_class);
    }
    return found;
}

#if REGION
/* A block's sums of one class, from each pixel's inverse and 1 - p_t. */
void sum_class(global const real *logits, uint k, ulong pixels, ulong end,
               const quantities *found, const real *inverses, const real *qs,
               local real *tree, global real *block_sums) {
    real sums[3] = {0, 0, 0};
    uint row = 0;
    for (ulong i = get_group_id(0) * BLOCK + get_local_id(0); i < end; i += ACCUMULATORS, row++) {
        if (found[row].label < 0) {
            continue;
        }
        const real p = probability_of(logits[k * pixels + i], (real)k, found[row].largest,
                                      found[row].largest_class, inverses[row]);
        real values[3];
        class_sums(found[row].label, (real)k, p, qs[row], values);
        for (uint s = 0; s < 3; s++) {
            sums[s] += values[s];
        }
    }
    for (uint s = 0; s < 3; s++) {
        const real total = tree_sum(sums[s], tree);
        if (get_local_id(0) == 0) {
            block_sums[s] = total;
        }
    }
}
#endif

/* A work group sums a block of one sample; each work item is an accumulator. */
kernel void reduce(global const real *logits, global const target *targets, ulong pixels,
                   uint classes, int ignoring, target ignored, global real *block_sums) {
    local real tree[ACCUMULATORS];
    const ulong block = get_group_id(0);
    const ulong sample = get_group_id(1);
    const ulong end = min(pixels, (block + 1) * BLOCK);
    logits += sample * classes * pixels;
    block_sums += (sample * get_num_groups(0) + block) * (TERMS + REGION * 3 * classes);
    real sums[TERMS];
    for (uint s = 0; s < TERMS; s++) {
        sums[s] = 0;
    }
#if REGION
    quantities founds[BLOCK / ACCUMULATORS];
    real inverses[BLOCK / ACCUMULATORS];
    real qs[BLOCK / ACCUMULATORS];
    uint row = 0;
#endif
    for (ulong i = block * BLOCK + get_local_id(0); i < end; i += ACCUMULATORS) {
        const target label = targets[sample * pixels + i];
        const bool keep = !(ignoring && label == ignored);
        if (keep) {
            const quantities found = find_quantities(logits + i, pixels, classes, (real)label);
            real values[TERMS];
            class_values(found.label, found.label_logit, found.largest, found.largest_class,
                         found.others, values);
            for (uint s = 0; s < TERMS; s++) {
                sums[s] += values[s];
            }
#if REGION
            founds[row] = found;
            class_parts(found.label, found.label_logit, found.largest, found.largest_class,
                        found.others, &inverses[row], &qs[row]);
#endif
        }
#if REGION
        if (!keep) {
            founds[row].label = -1;
        }
        row++;
#endif
    }
    for (uint s = 0; s < TERMS; s++) {
        const real total = tree_sum(sums[s], tree);
        if (get_local_id(0) == 0) {
            block_sums[s] = total;
        }
    }
#if REGION
    for (uint k = 0; k < classes; k++) {
        sum_class(logits, k, pixels, end, founds, inverses, qs, tree, block_sums + TERMS + 3 * k);
    }
#endif
}

/* A work item a pixel. */
kernel void gradient(global const real *logits, global const target *targets, ulong pixels,
                     uint classes, int ignoring, target ignored, global const real *factors,
                     global const real *slopes, global real *result) {
    const ulong i = get_global_id(0);
    const ulong sample = get_group_id(1);
    if (i >= pixels) {
        return;
    }
    const target label = targets[sample * pixels + i];
    logits += sample * classes * pixels + i;
    result += sample * classes * pixels + i;
    if (ignoring && label == ignored) {
        for (uint k = 0; k < classes; k++) {
            result[k * pixels] = 0;
        }
        return;
    }
    const quantities found = find_quantities(logits, pixels, classes, (real)label);
    real inverse, q;
    class_parts(found.label, found.label_logit, found.largest, found.largest_class, found.others,
                &inverse, &q);
    const real slope = class_slope(found.label, found.label_logit, found.largest,
                                   found.largest_class, found.others, factors);
#if REGION
    slopes += 2 * sample * classes;
    real shift = 0;
    for (uint k = 0; k < classes; k++) {
        shift = region_shift(shift, found.label, (real)k, found.largest_class, slopes + 2 * k);
    }
    real mean = 0;
    for (uint k = 0; k < classes; k++) {
        const real p = probability_of(logits[k * pixels], (real)k, found.largest,
                                      found.largest_class, inverse);
        mean = region_mean(mean, found.label, (real)k, found.largest_class, p, shift,
                           slopes + 2 * k);
    }
#endif
    for (uint k = 0; k < classes; k++) {
        const real p = probability_of(logits[k * pixels], (real)k, found.largest,
                                      found.largest_class, inverse);
#if REGION
        result[k * pixels] = logit_gradient(found.label, (real)k, p, q, slope, shift, mean,
                                            slopes + 2 * k);
#else
        result[k * pixels] = logit_gradient(found.label, (real)k, p, q, slope);
#endif
    }
}
