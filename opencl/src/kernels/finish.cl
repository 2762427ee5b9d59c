/* A sample's row of sums: one a term, one denominator a term if one has its own, three a class with
   regions (true positives, false positives, false negatives), and the number of valid pixels. */
#define DENOMINATORS_AT TERMS
#define REGIONS_AT (TERMS + DENOMINATORS)
#define VALID_AT (REGIONS_AT + 3 * REGIONS)
#define ROW (VALID_AT + 1)

/* Where no target or weight is bad. */
#define NOWHERE 0xfffffffffffffffful

/* The notes of a segment or a sample: valid pixels, the first bad target and weight, whether a weight
   is not 0. */
#define NOTES 4

/* Adds up the blocks of a segment of a sample: one number of its row, in ascending order, and for the
   last one its notes. */
kernel void fold_segments(global const real *block_sums, global const uint *block_notes, ulong pixels,
                          ulong blocks, ulong segments, global sum *segment_sums,
                          global ulong *segment_notes) {
    const ulong segment = get_global_id(0);
    const uint r = (uint)get_global_id(1);
    const ulong sample = get_global_id(2);
    const ulong first = segment * SEGMENT_BLOCKS;
    const ulong last = min(blocks, first + SEGMENT_BLOCKS);
    const ulong at = sample * segments + segment;
    sum total = SUM_ZERO;
    if (r < VALID_AT) {
        /* Sums of terms go on from one channel to the next; regions are of one channel. */
        const uint of_region = r < REGIONS_AT ? 0 : (r - REGIONS_AT) / 3 / REGIONS_A_PLANE;
        const uint from = r < REGIONS_AT ? 0 : of_region;
        const uint to = r < REGIONS_AT ? PLANES : of_region + 1;
        const uint s = r < REGIONS_AT ? r : REGIONS_AT + (r - REGIONS_AT) % (3 * REGIONS_A_PLANE);
        for (uint plane = from; plane < to; plane++) {
            for (ulong block = first; block < last; block++) {
                const ulong index = (sample * PLANES + plane) * blocks + block;
                total = sum_add(total, block_sums[index * SUMS + s]);
            }
        }
    } else {
        ulong count = 0;
        ulong bad_target = NOWHERE;
        ulong bad_weight = NOWHERE;
        ulong weighs = 0;
        for (uint plane = 0; plane < PLANES; plane++) {
            for (ulong block = first; block < last; block++) {
                const ulong index = (sample * PLANES + plane) * blocks + block;
                const ulong pixel = (sample * PLANES + plane) * pixels + block * BLOCK;
                global const uint *own = block_notes + 4 * index;
                count += own[0];
                if (own[1] != NONE) {
                    bad_target = min(bad_target, pixel + own[1]);
                }
                if (own[2] != NONE) {
                    bad_weight = min(bad_weight, pixel * ARGUMENTS + own[2]);
                }
                weighs |= own[3];
            }
        }
        total = sum_count(total, count);
        segment_notes[NOTES * at] = count;
        segment_notes[NOTES * at + 1] = bad_target;
        segment_notes[NOTES * at + 2] = bad_weight;
        segment_notes[NOTES * at + 3] = weighs;
    }
    segment_sums[at * ROW + r] = total;
}

/* Adds up the segments of a sample: one number of its row, and for the last one its notes. */
kernel void fold_samples(global const sum *segment_sums, global const ulong *segment_notes,
                         ulong segments, global sum *rows, global ulong *sample_notes) {
    const uint r = (uint)get_global_id(0);
    const ulong sample = get_global_id(1);
    sum total = SUM_ZERO;
    ulong notes_of[NOTES] = {0, NOWHERE, NOWHERE, 0};
    for (ulong segment = 0; segment < segments; segment++) {
        const ulong at = sample * segments + segment;
        if (r < VALID_AT) {
            total = sum_merge(total, segment_sums[at * ROW + r]);
        } else {
            global const ulong *own = segment_notes + NOTES * at;
            notes_of[0] += own[0];
            notes_of[1] = min(notes_of[1], own[1]);
            notes_of[2] = min(notes_of[2], own[2]);
            notes_of[3] |= own[3];
        }
    }
    if (r == VALID_AT) {
        total = sum_count(total, notes_of[0]);
        for (uint note = 0; note < NOTES; note++) {
            sample_notes[NOTES * sample + note] = notes_of[note];
        }
    }
    rows[sample * ROW + r] = total;
}

/* Kinds of terms. */
#define PIXELS 0
#define REGION_OF_SAMPLE 1
#define REGION_OF_BATCH 2

typedef struct {
    int kind;
    int is_active;
    int is_mean;
    int has_denominator;
    int skips_empty;
    wide coefficient;
    wide offset;
} term;

constant term terms[TERMS] = TERM_TABLE;

/* The totals of region sums and of valid pixels. */
void read_regions(const sum *from, wide *sums) {
    for (uint s = 0; s <= 3 * REGIONS; s++) {
        sums[s] = sum_total(from[s]);
    }
}

void load_regions(global const sum *row, sum *own) {
    for (uint s = 0; s <= 3 * REGIONS; s++) {
        own[s] = row[REGIONS_AT + s];
    }
}

/* Whether a region term is skipped: no class has true positives or false negatives, so no target. */
int is_skipped(uint t, const wide *sums) {
    if (!terms[t].skips_empty) {
        return 0;
    }
    for (uint k = 0; k < REGIONS; k++) {
        if (sums[3 * k] + sums[3 * k + 2] != 0) {
            return 0;
        }
    }
    return 1;
}

/* The loss of a region term that is not skipped: 0 of no valid pixel. */
wide loss_of_region(uint t, const wide *sums) {
    return sums[3 * REGIONS] == 0 ? 0 : region_loss(t, sums);
}

/* What a term's loss is multiplied by. */
wide share(uint t, wide count) {
    if (terms[t].kind == REGION_OF_BATCH || !terms[t].is_mean) {
        return terms[t].coefficient;
    }
    return mean_share(terms[t].coefficient, terms[t].offset, count);
}

/* A term's loss in one sample, and what a mean divides it by; those that pool the batch have nothing
   there. */
void of_sample(uint t, global const sum *row, sum *loss, sum *count) {
    *loss = SUM_ZERO;
    *count = SUM_ZERO;
    if (terms[t].kind == PIXELS) {
        *loss = row[t];
        *count = row[terms[t].has_denominator ? DENOMINATORS_AT + t : VALID_AT];
    } else if (terms[t].kind == REGION_OF_SAMPLE) {
        sum own[3 * REGIONS + 1];
        wide sums[3 * REGIONS + 1];
        load_regions(row, own);
        read_regions(own, sums);
        if (!is_skipped(t, sums)) {
            *loss = sum_add_wide(*loss, loss_of_region(t, sums));
            *count = sum_count(*count, 1);
        }
    }
}

/* A factor as the gradient takes it; notes one that is too large. */
real to_factor(wide factor, int *overflows) {
    const real rounded = (real)factor;
    *overflows |= !isfinite(rounded);
    return rounded;
}

/* Adds the derivatives of a region term, times its share and the scale, to a pair a class. */
void add_slopes(uint t, const wide *sums, wide scaled, global real *slopes) {
    wide derivatives[2 * REGIONS + 1];
    region_slopes(t, sums, derivatives);
    for (uint d = 0; d < 2 * REGIONS; d++) {
        slopes[d] += (real)(scaled * derivatives[d]);
    }
}

/* The loss of the batch, and what its gradient is made of: one work item, so that nothing waits for the
   host. */
kernel void finish(global const sum *rows, global const ulong *sample_notes, uint batch,
                   global const wide *scales, global real *factors, global real *slopes,
                   global ulong *report) {
    ulong bad_target = NOWHERE;
    ulong bad_weight = NOWHERE;
    ulong valid = 0;
    ulong weighs = 0;
    for (uint sample = 0; sample < batch; sample++) {
        global const ulong *own = sample_notes + NOTES * sample;
        valid += own[0];
        bad_target = min(bad_target, own[1]);
        bad_weight = min(bad_weight, own[2]);
        weighs |= own[3];
    }

    sum losses[TERMS];
    sum counts[TERMS];
    sum pooled[3 * REGIONS + 1];
    for (uint t = 0; t < TERMS; t++) {
        losses[t] = counts[t] = SUM_ZERO;
    }
    for (uint s = 0; s <= 3 * REGIONS; s++) {
        pooled[s] = SUM_ZERO;
    }
    for (uint sample = 0; sample < batch; sample++) {
        global const sum *row = rows + ROW * sample;
        for (uint t = 0; t < TERMS; t++) {
            if (terms[t].is_active) {
                sum loss, count;
                of_sample(t, row, &loss, &count);
                losses[t] = sum_merge(losses[t], loss);
                counts[t] = sum_merge(counts[t], count);
            }
        }
        for (uint s = 0; s <= 3 * REGIONS; s++) {
            pooled[s] = sum_merge(pooled[s], row[REGIONS_AT + s]);
        }
    }
    wide sums[3 * REGIONS + 1];
    read_regions(pooled, sums);

    wide value = 0;
    int overflows = 0;
    int is_void = IS_ACTIVE;
    for (uint t = 0; t < TERMS; t++) {
        if (!terms[t].is_active) {
            continue;
        }
        wide loss = sum_total(losses[t]);
        if (terms[t].kind == REGION_OF_BATCH) {
            loss = is_skipped(t, sums) ? 0 : loss_of_region(t, sums);
        }
        value += share(t, sum_total(counts[t])) * loss;
        is_void = is_void && terms[t].kind == PIXELS && sum_total(counts[t]) == 0;
    }

#if BY_SAMPLE
    for (uint sample = 0; sample < batch; sample++) {
        global const sum *row = rows + ROW * sample;
        sum own[3 * REGIONS + 1];
        load_regions(row, own);
        read_regions(own, sums);
        global real *own_slopes = slopes + 2 * REGIONS * sample;
        for (uint d = 0; d < 2 * REGIONS; d++) {
            own_slopes[d] = 0;
        }
        for (uint t = 0; t < TERMS; t++) {
            sum loss, count;
            of_sample(t, row, &loss, &count);
            const wide scaled = share(t, sum_total(count)) * scales[sample];
            factors[TERMS * sample + t] = 0;
            if (terms[t].is_active && terms[t].kind == PIXELS) {
                factors[TERMS * sample + t] = to_factor(scaled, &overflows);
            } else if (terms[t].is_active && sums[3 * REGIONS] != 0 && !is_skipped(t, sums)) {
                add_slopes(t, sums, scaled, own_slopes);
            }
        }
        for (uint d = 0; d < 2 * REGIONS; d++) {
            own_slopes[d] = bounded(own_slopes[d]);
        }
    }
#else
    for (uint t = 0; t < TERMS; t++) {
        factors[t] = 0;
        if (terms[t].is_active && terms[t].kind == PIXELS) {
            factors[t] = to_factor(share(t, sum_total(counts[t])) * scales[0], &overflows);
        }
    }
    /* Pooled terms have the same derivatives for every sample: found once, then copied. */
    for (uint d = 0; d < 2 * REGIONS; d++) {
        slopes[d] = 0;
    }
    for (uint t = 0; t < TERMS; t++) {
        if (terms[t].is_active && terms[t].kind == REGION_OF_BATCH && sums[3 * REGIONS] != 0 &&
            !is_skipped(t, sums)) {
            add_slopes(t, sums, share(t, 0) * scales[0], slopes);
        }
    }
    for (uint sample = 1; sample < batch; sample++) {
        for (uint d = 0; d < 2 * REGIONS; d++) {
            slopes[2 * REGIONS * sample + d] = slopes[d];
        }
    }
    for (uint sample = 0; sample < batch; sample++) {
        sum own[3 * REGIONS + 1];
        load_regions(rows + ROW * sample, own);
        read_regions(own, sums);
        global real *own_slopes = slopes + 2 * REGIONS * sample;
        for (uint t = 0; t < TERMS; t++) {
            if (terms[t].is_active && terms[t].kind == REGION_OF_SAMPLE && sums[3 * REGIONS] != 0 &&
                !is_skipped(t, sums)) {
                add_slopes(t, sums, share(t, sum_total(counts[t])) * scales[0], own_slopes);
            }
        }
        for (uint d = 0; d < 2 * REGIONS; d++) {
            own_slopes[d] = bounded(own_slopes[d]);
        }
    }
#endif

    report[0] = 0;
    report[1] = 0;
    if (bad_target != NOWHERE) {
        report[0] = BAD_TARGET;
        report[1] = bad_target;
    } else if (bad_weight != NOWHERE) {
        report[0] = BAD_WEIGHT;
        report[1] = bad_weight;
    } else if (overflows) {
        report[0] = BAD_SCALE;
    }
    const ulong is_weightless = BY_CALL & !weighs;
    report[2] = is_void | is_weightless ? 0 : valid;
    report[3] = wide_bits(value);
}
