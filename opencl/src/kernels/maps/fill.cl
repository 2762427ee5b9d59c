/* Void filled with the label of the nearest pixel that counts, the smallest of several as near: sweeps along
   an image's first axis, then along each axis more the lower envelope of parabolas over every run of void,
   between the pixels that count at its two ends, whose cost is 0. */

/* One column: steps to the nearest pixel that counts, 0 where one does, and its label. Where a column has
   none, the label is background. */
kernel void fill_columns(global label *labels, global gap *gaps, ulong length, ulong count) {
    const ulong column = get_global_id(0);
    if (column >= count) {
        return;
    }
    const ulong base = get_global_id(1) * length * count + column;
    labels += base;
    gaps += base;
    gap steps = NO_GAP;
    label last = 0;
    for (ulong i = 0; i < length; i++) {
        const label here = labels[i * count];
        if (here == IGNORED) {
            steps = add_sat(steps, (gap)1);
            labels[i * count] = last;
        } else {
            steps = 0;
            last = here;
        }
        gaps[i * count] = steps;
    }
    steps = NO_GAP;
    last = 0;
    for (ulong i = length; i-- > 0;) {
        const gap there = gaps[i * count];
        const label here = labels[i * count];
        if (there == 0) {
            steps = 0;
            last = here;
            continue;
        }
        steps = add_sat(steps, (gap)1);
        if (steps < there) {
            gaps[i * count] = steps;
            labels[i * count] = last;
        } else if (steps == there) {
            labels[i * count] = min(last, here);
        }
    }
}

/* Counted from a pixel of cost `own`, the first one on the line to which the pixel `ahead` of it, of cost
   `other`, is nearer. */
long passed(cost own, cost other, long ahead, cost weight) {
#if SPACED
    const cost steps = (cost)ahead;
    const cost place = ((other - own) / weight + steps * steps) / (2 * steps);
    return add_sat(convert_long_sat(floor(place)), 1l);
#else
    return overtaken(own, other + 1, ahead, weight);
#endif
}

/* What a pixel costs the others on its line. */
cost cost_at(global const gap *gaps, global const cost *costs, ulong at, cost source_weight) {
    if (gaps[at] == 0) {
        return 0;
    }
#if ON
    return costs[at];
#else
    return of_gap(gaps[at], source_weight);
#endif
}

/* A line. Candidates of a run are kept in `places` and `starts` where the run lies: each is nearest to some
   pixel of it. What void costs afterwards goes to `far`, unless this is the last axis. */
kernel void fill_lines(global const label *labels, global const gap *gaps, global const cost *costs,
                       global int *places, global uint *starts, global label *out, global cost *far,
                       ulong pixels, ulong length, ulong lines, ulong inner, ulong outer, ulong apart,
                       cost source_weight, cost weight) {
    const ulong line = get_global_id(0);
    if (line >= lines) {
        return;
    }
    const ulong base = get_global_id(1) * pixels + line / inner * outer + line % inner;
    labels += base;
    gaps += base;
    costs += base;
    places += base;
    starts += base;
    out += base;
    far += base;

    ulong x = 0;
    while (x < length) {
        if (gaps[x * apart] == 0) {
            out[x * apart] = labels[x * apart];
            x++;
            continue;
        }
        const ulong start = x;
        while (x < length && gaps[x * apart] != 0) {
            x++;
        }
        const ulong end = x;
        const ulong first = start > 0 ? start - 1 : 0;
        const ulong last = end < length ? end + 1 : length;
        ulong found = 0;
        for (ulong i = first; i < last; i++) {
            const cost own = cost_at(gaps, costs, i * apart, source_weight);
            if (own >= NONE) {
                continue;
            }
            const label name = labels[i * apart];
            long from = start;
            while (found > 0) {
                const ulong top = (start + found - 1) * apart;
                const long place = places[top];
                const cost below = cost_at(gaps, costs, place * apart, source_weight);
                const long ahead = (long)i - place;
                const long steps = name < labels[place * apart] ? overtaken(below, own, ahead, weight)
                                                                : passed(below, own, ahead, weight);
                from = add_sat(place, steps);
                if (from > (long)starts[top]) {
                    break;
                }
                from = start;
                found--;
            }
            if (from < (long)end) {
                places[(start + found) * apart] = i;
                starts[(start + found) * apart] = from;
                found++;
            }
        }
        ulong taken = 0, next = start;
        label nearest = 0;
        cost least = NONE;
        long place = 0;
        for (ulong i = start; i < end; i++) {
            if (i == next && taken < found) {
                place = places[(start + taken) * apart];
                least = cost_at(gaps, costs, place * apart, source_weight);
                nearest = labels[place * apart];
                taken++;
                next = taken < found ? starts[(start + taken) * apart] : end;
            }
            out[i * apart] = nearest;
#if !LAST
            far[i * apart] = least >= NONE ? NONE : seen_from(least, (long)i - place, weight);
#endif
        }
    }
}
