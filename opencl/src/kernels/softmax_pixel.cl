/* What a pixel's probabilities are found from. */
typedef struct {
    lanes below;
    lanes own;
    lanes others;
    lanes inverse;
} quantities;

/* Of the pixels whose logits of class k are at k * pixels; leaves their exponentials in `exps`. */
quantities find_quantities(global const storage *logits, ulong pixels, ulong count, lanes label,
                           lanes *exps) {
    quantities found;
    exps[0] = load_logits(logits, count);
    lanes largest = exps[0];
    for (uint k = 1; k < CLASSES; k++) {
        exps[k] = load_logits(logits + k * pixels, count);
        largest = larger(largest, exps[k]);
    }
    found.below = found.own = found.others = (lanes)(0);
    for (uint k = 0; k < CLASSES; k++) {
        const lanes below = below_largest(exps[k], largest);
        exps[k] = exp_below(below);
        found.below = label == (lanes)(k) ? below : found.below;
        found.own = label == (lanes)(k) ? exps[k] : found.own;
        found.others = add_other(found.others, label, (lanes)(k), exps[k]);
    }
    found.inverse = inverse_of(found.others, found.own);
    return found;
}
