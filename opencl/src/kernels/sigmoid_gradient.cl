/* Writes the gradient of RUN logits of one channel of one sample. */
kernel void gradient(INPUTS, global const real *factors, global const real *slopes,
                     global const ulong *report, int accumulate, global storage *gradient,
                     ulong gradient_first) {
    const ulong plane = get_global_id(1);
    if (report[0] != 0) {
        return;
    }
    factors += FACTORS_OF(plane / CLASSES);
    slopes += 2 * REGION * plane;
    for (ulong i = get_global_id(0) * RUN; i < min(pixels, (get_global_id(0) + 1) * RUN); i += WIDTH) {
        const ulong count = pixels - i;
        const targets_t found = load_targets(targets + targets_first + plane * pixels + i, count);
        const mask valid = VALID(found, count);
        lanes weights[WEIGHTS];
        LOAD_GRADIENT_WEIGHTS
        const lanes z = load_logits(logits + logits_first + plane * pixels + i, count);
        const lanes own = pixel_gradient(z, SHARE(found), weights, factors, slopes);
        store_gradient(valid ? own : (lanes)(0), gradient + gradient_first + plane * pixels + i, count,
                       accumulate);
    }
}
