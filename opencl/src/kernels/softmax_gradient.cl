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
        lanes weights[WEIGHTS];
        LOAD_GRADIENT_WEIGHTS
        lanes exps[CLASSES];
        const quantities found = find_quantities(
            logits + logits_first + plane * CLASSES * pixels + i, pixels, count, label, exps);
        lanes share, rest;
        class_parts(found.below, found.own, found.others, found.inverse, &share, &rest);
        const lanes of_terms =
            class_slope(found.below, found.own, found.others, found.inverse, weights, factors);
        const lanes slope = valid ? of_terms : (lanes)(0);
        for (uint k = 0; k < CLASSES; k++) {
            exps[k] = probability_of(label, (lanes)(k), exps[k], found.inverse, share);
        }
        lanes shift = (lanes)(0);
        lanes mean = (lanes)(0);
#if REGION
        lanes largest = (lanes)(-1);
        for (uint k = 0; k < CLASSES; k++) {
            region_pivot(label, (lanes)(k), exps[k], slopes + 2 * k, &largest, &shift);
        }
        for (uint k = 0; k < CLASSES; k++) {
            mean = region_mean(mean, label, (lanes)(k), exps[k], shift, slopes + 2 * k);
        }
#endif
        global storage *own = gradient + gradient_first + plane * CLASSES * pixels + i;
        for (uint k = 0; k < CLASSES; k++) {
            const lanes of_class = logit_gradient(label, (lanes)(k), exps[k], rest, slope, shift, mean,
                                                  weights, slopes + 2 * k);
            store_gradient(valid ? of_class : (lanes)(0), own + k * pixels, count, accumulate);
        }
    }
}
