/* The least of costs[i] + weight (x - i)^2 for each pixel x of a line, as the lower envelope of
   parabolas: those that are lowest somewhere lie on a stack in `places`, each with the first pixel
   where it is, in `starts`. A work item a line; stacks are laid out as the line's pixels are.

   By label, costs are squared distances to other labels than each pixel's own, and still the minimum
   may be taken over the whole line: a pixel beyond the end of one's run is no nearer than that end,
   the distance to which is taken too. */
kernel void LINES(global const source *sources, global const label *labels, global int *places,
                  global uint *starts, global result *out, ulong first, ulong pixels, ulong length,
                  ulong lines, ulong inner, ulong outer, ulong apart, cost source_weight,
                  cost weight, label than, real rate, real empty) {
    const ulong line = get_global_id(0);
    if (line >= lines) {
        return;
    }
    const ulong base = get_global_id(1) * pixels + line / inner * outer + line % inner;
    sources += base;
    labels += base;
    places += base;
    starts += base;
    out += first + base;

    ulong found = 0;
    long top = 0, top_start = 0;
    cost top_cost = 0;
    for (ulong i = 0; i < length; i++) {
        const cost own = COST_OF(sources[i * apart], source_weight);
        if (own >= NONE) {
            continue;
        }
        long from = 0;
        while (found > 0) {
            from = top + overtaken(top_cost, own, (long)i - top, weight);
            if (from > top_start) {
                break;
            }
            from = 0;
            found--;
            if (found > 0) {
                top = places[(found - 1) * apart];
                top_start = starts[(found - 1) * apart];
                top_cost = COST_OF(sources[top * apart], source_weight);
            }
        }
        if (from < (long)length) {
            top = i;
            top_start = from;
            top_cost = own;
            places[found * apart] = top;
            starts[found * apart] = top_start;
            found++;
        }
    }

    ulong taken = 0, next = 0;
    long place = 0;
    cost least = NONE;
#if SPACED
    /* Rounding makes neighbours on the stack change places where they are equally near. */
    long place_before = 0, place_after = 0;
    cost before = NONE, after = NONE;
#endif
#if BY_LABEL
    ulong run = 0, end = 0;
#endif
    for (ulong x = 0; x < length; x++) {
        while (x == next && taken < found) {
#if SPACED
            place_before = place;
            before = least;
#endif
            place = places[taken * apart];
            least = COST_OF(sources[place * apart], source_weight);
            taken++;
            next = length;
#if SPACED
            after = NONE;
#endif
            if (taken < found) {
                next = starts[taken * apart];
#if SPACED
                place_after = places[taken * apart];
                after = COST_OF(sources[place_after * apart], source_weight);
#endif
            }
        }
        cost squared = least >= NONE ? NONE : seen_from(least, (long)x - place, weight);
#if SPACED
        squared = fmin(squared, seen_from(before, (long)x - place_before, weight));
        squared = fmin(squared, seen_from(after, (long)x - place_after, weight));
#endif
        const label own = labels[x * apart];
#if BY_LABEL
        if (x == end) {
            run = x;
            do {
                end++;
            } while (end < length && labels[end * apart] == own);
        }
        if (run > 0) {
            squared = min(squared, seen_from(0, (long)(x - run) + 1, weight));
        }
        if (end < length) {
            squared = min(squared, seen_from(0, (long)(end - x), weight));
        }
#endif
#if LAST
        if (CHOOSES(own, than)) {
            const cost known = own == IGNORED ? NONE : squared;
            out[x * apart] = finish(known, own, rate, empty);
        }
#else
        out[x * apart] = squared;
#endif
    }
}
