/* A sample's row of sums: one a term, one denominator a term if one has its own, three a class with
   regions (true positives, false positives, false negatives), the number of valid pixels of each channel with
   regions if there are several, and that of all. */
#define DENOMINATORS_AT TERMS
#define REGIONS_AT (TERMS + DENOMINATORS)
#define COUNTS_AT (REGIONS_AT + 3 * REGIONS)
#define VALID_AT (COUNTS_AT + ROW_COUNTS)
#define ROW (VALID_AT + 1)

/* What a region loss is made of: sums as in a row, the number of valid pixels behind each class if there are several
   (0 of one that cannot occur), and that of all. */
#define REGION_VALID (3 * REGIONS + CLASS_COUNTS)
#define REGION_NUMBERS (REGION_VALID + 1)

/* Where no target or weight is bad. */
#define NOWHERE 0xfffffffffffffffful

/* The notes of a segment or a sample: valid pixels, the first bad target and weight, flags, and of a mask of integers
   the number that stands for foreground. */
#if FOREGROUND
#define NOTES 5
#else
#define NOTES 4
#endif

void no_notes_of_all(ulong *own) {
    for (uint note = 0; note < NOTES; note++) {
        own[note] = 0;
    }
    own[1] = own[2] = NOWHERE;
}

/* Joins the notes of two parts. */
void join_notes_of_all(ulong *own, global const ulong *other) {
    own[0] += other[0];
    own[1] = min(own[1], other[1]);
    own[2] = min(own[2], other[2]);
    own[3] |= other[3];
#if FOREGROUND
    join_foreground(&own[4], other[4], &own[1]);
#endif
}

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
    if (r < COUNTS_AT) {
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
    } else if (r < VALID_AT) {
        const ulong plane = sample * PLANES + (r - COUNTS_AT);
        ulong count = 0;
        for (ulong block = first; block < last; block++) {
            count += block_notes[BLOCK_NOTES * (plane * blocks + block)];
        }
        total = sum_count(total, count);
    } else {
        ulong joined[NOTES];
        no_notes_of_all(joined);
        for (uint plane = 0; plane < PLANES; plane++) {
            for (ulong block = first; block < last; block++) {
                const ulong index = (sample * PLANES + plane) * blocks + block;
                const ulong pixel = (sample * PLANES + plane) * pixels + block * BLOCK;
                global const uint *own = block_notes + BLOCK_NOTES * index;
                joined[0] += own[0];
                if (own[1] != NONE) {
                    joined[1] = min(joined[1], pixel + own[1]);
                }
                if (own[2] != NONE) {
                    joined[2] = min(joined[2], pixel * ARGUMENTS + own[2]);
                }
                joined[3] |= own[3];
#if FOREGROUND
                ulong foreground = 0;
                for (uint word = 0; word < FOREGROUND; word++) {
                    foreground |= (ulong)own[4 + word] << 32 * word;
                }
                join_foreground(&joined[4], foreground, &joined[1]);
#endif
            }
        }
        total = sum_count(total, joined[0]);
        for (uint note = 0; note < NOTES; note++) {
            segment_notes[NOTES * at + note] = joined[note];
        }
    }
    segment_sums[at * ROW + r] = total;
}

/* Adds up the segments of a sample: one number of its row, and for the last one its notes. */
kernel void fold_samples(global const sum *segment_sums, global const ulong *segment_notes,
                         ulong segments, global sum *rows, global ulong *sample_notes) {
    const uint r = (uint)get_global_id(0);
    const ulong sample = get_global_id(1);
    sum total = SUM_ZERO;
    ulong joined[NOTES];
    no_notes_of_all(joined);
    for (ulong segment = 0; segment < segments; segment++) {
        const ulong at = sample * segments + segment;
        if (r < VALID_AT) {
            total = sum_merge(total, segment_sums[at * ROW + r]);
        } else {
            join_notes_of_all(joined, segment_notes + NOTES * at);
        }
    }
    if (r == VALID_AT) {
        total = sum_count(total, joined[0]);
        for (uint note = 0; note < NOTES; note++) {
            sample_notes[NOTES * sample + note] = joined[note];
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

/* Sums of a row from its region sums on. */
#define ROW_REGIONS (ROW - REGIONS_AT)

/* The numbers that a region loss is made of. Of label maps a bit in `left_out` says which classes are ignored. */
void read_regions(const sum *from, const ulong *left_out, wide *sums) {
    for (uint s = 0; s < ROW_REGIONS - 1; s++) {
        sums[s] = sum_total(from[s]);
    }
    const wide valid = sum_total(from[ROW_REGIONS - 1]);
#if CLASS_COUNTS && !ROW_COUNTS
    for (uint k = 0; k < REGIONS; k++) {
        sums[3 * REGIONS + k] = left_out[k / 64] >> k % 64 & 1 ? 0 : valid;
    }
#endif
    sums[REGION_VALID] = valid;
}

void load_regions(global const sum *row, sum *own) {
    for (uint s = 0; s < ROW_REGIONS; s++) {
        own[s] = row[REGIONS_AT + s];
    }
}

/* Whether a region term is skipped: no class that it sees has a target. */
int is_skipped(uint t, const wide *sums) {
    return terms[t].skips_empty && region_target(t, sums) == 0;
}

/* The loss of a region term that is not skipped: 0 of no valid pixel. */
wide loss_of_region(uint t, const wide *sums) {
    return sums[REGION_VALID] == 0 ? 0 : region_loss(t, sums);
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
void of_sample(uint t, global const sum *row, const ulong *left_out, sum *loss, sum *count) {
    *loss = SUM_ZERO;
    *count = SUM_ZERO;
    if (terms[t].kind == PIXELS) {
        *loss = row[t];
        *count = row[terms[t].has_denominator ? DENOMINATORS_AT + t : VALID_AT];
    } else if (terms[t].kind == REGION_OF_SAMPLE) {
        sum own[ROW_REGIONS];
        wide sums[REGION_NUMBERS];
        load_regions(row, own);
        read_regions(own, left_out, sums);
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
                   global const wide *scales, ulong left_out_0, ulong left_out_1, ulong left_out_2,
                   ulong left_out_3, global real *factors, global real *slopes,
                   global ulong *report) {
    const ulong left_out[4] = {left_out_0, left_out_1, left_out_2, left_out_3};
    ulong joined[NOTES];
    no_notes_of_all(joined);
    for (uint sample = 0; sample < batch; sample++) {
        join_notes_of_all(joined, sample_notes + NOTES * sample);
    }
    const ulong valid = joined[0], bad_target = joined[1], bad_weight = joined[2], flags = joined[3];

    sum losses[TERMS];
    sum counts[TERMS];
    sum pooled[ROW_REGIONS];
    for (uint t = 0; t < TERMS; t++) {
        losses[t] = counts[t] = SUM_ZERO;
    }
    for (uint s = 0; s < ROW_REGIONS; s++) {
        pooled[s] = SUM_ZERO;
    }
    for (uint sample = 0; sample < batch; sample++) {
        global const sum *row = rows + ROW * sample;
        for (uint t = 0; t < TERMS; t++) {
            if (terms[t].is_active) {
                sum loss, count;
                of_sample(t, row, left_out, &loss, &count);
                losses[t] = sum_merge(losses[t], loss);
                counts[t] = sum_merge(counts[t], count);
            }
        }
        for (uint s = 0; s < ROW_REGIONS; s++) {
            pooled[s] = sum_merge(pooled[s], row[REGIONS_AT + s]);
        }
    }
    wide sums[REGION_NUMBERS];
    read_regions(pooled, left_out, sums);

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
        sum own[ROW_REGIONS];
        load_regions(row, own);
        read_regions(own, left_out, sums);
        global real *own_slopes = slopes + 2 * REGIONS * sample;
        for (uint d = 0; d < 2 * REGIONS; d++) {
            own_slopes[d] = 0;
        }
        for (uint t = 0; t < TERMS; t++) {
            sum loss, count;
            of_sample(t, row, left_out, &loss, &count);
            const wide scaled = share(t, sum_total(count)) * scales[sample];
            factors[TERMS * sample + t] = 0;
            if (terms[t].is_active && terms[t].kind == PIXELS) {
                factors[TERMS * sample + t] = to_factor(scaled, &overflows);
            } else if (terms[t].is_active && sums[REGION_VALID] != 0 && !is_skipped(t, sums)) {
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
        if (terms[t].is_active && terms[t].kind == REGION_OF_BATCH && sums[REGION_VALID] != 0 &&
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
        sum own[ROW_REGIONS];
        load_regions(rows + ROW * sample, own);
        read_regions(own, left_out, sums);
        global real *own_slopes = slopes + 2 * REGIONS * sample;
        for (uint t = 0; t < TERMS; t++) {
            if (terms[t].is_active && terms[t].kind == REGION_OF_SAMPLE && sums[REGION_VALID] != 0 &&
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
    } else if ((flags & (HOLDS_255 | HOLDS_OTHER)) == HOLDS_255) {
        report[0] = UNCLEAR;
    } else if (overflows) {
        report[0] = BAD_SCALE;
    }
    const ulong is_weightless = BY_CALL & !(flags & WEIGHS);
    report[2] = is_void | is_weightless ? 0 : valid;
    report[3] = wide_bits(value);
}
