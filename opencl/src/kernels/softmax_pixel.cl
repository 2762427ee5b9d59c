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
