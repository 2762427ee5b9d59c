/* The same for rows in memory on devices with caches and vectors: a work item goes along many rows
   one after the other, with storage of its own for one. Distances below 16 come from looking 15
   pixels to both sides in bytes, a block of 64 pixels at a time; the lower envelope is for runs of
   blocks with longer ones. */

#define BLOCK 64
/* Pixels past both ends of a row that there is room for. */
#define MARGIN 16
/* A pixel beside a run of such blocks has a distance below 16, so that what lies farther from the run
   than this is not nearest to any of its pixels. */
#define REACH 17

/* One row's storage: `room` is whole blocks and 64 more. */
typedef struct {
    global uchar *clipped;
    global uchar *bounds;
    global uchar *near[2];
    global uchar *deep;
    global int *squared;
    global int *places;
    global int *values;
    global int *starts;
} storage;

uchar16 clipped_of(ROW_SOURCE16 costs) {
#if FROM_GAPS
    const ushort16 steps = min(costs, (ushort16)16);
    return convert_uchar16(min(steps * steps, (ushort16)255));
#else
    return convert_uchar16(min(costs, (int16)255));
#endif
}

uchar clipped_of_one(source own) {
    return (uchar)min(COST_OF(own, 1), 255);
}

#if BY_LABEL
/* Steps to the nearest pixel of another label on the row, up to 15; 255 if there are more. */
global uchar *nearness(const storage row, global const label *labels, ulong length) {
    global uchar *from = row.near[0] + MARGIN;
    global uchar *to = row.near[1] + MARGIN;
    for (ulong x = 0; x < length; x++) {
        const label here = labels[x];
        const int other = (labels[x > 0 ? x - 1 : 0] != here)
            | (labels[x + 1 < length ? x + 1 : x] != here);
        from[x] = other ? 1 : 255;
    }
    for (uint steps = 1; steps <= 8; steps *= 2) {
        const uchar16 most = (uchar16)(uchar)(255 - steps);
        for (ulong x = 0; x < length; x += 16) {
            const uchar16 beside = min(vload16(0, from + x - steps), vload16(0, from + x + steps));
            const uchar16 farther = min(beside, most) + (uchar16)(uchar)steps;
            vstore16(min(vload16(0, from + x), farther), 0, to + x);
        }
        /* What is past the end is far. */
        for (ulong x = length; x < (length + 15) / 16 * 16; x++) {
            to[x] = 255;
        }
        global uchar *other = from;
        from = to;
        to = other;
    }
    return from;
}
#endif

/* Costs of a row in bytes, and what distances there are at most: 0 past the end. */
void clip(const storage row, global const source *sources, global const label *labels,
          ulong length) {
    global uchar *clipped = row.clipped + MARGIN;
    const ulong whole = length / 16 * 16;
    for (ulong x = 0; x < whole; x += 16) {
        const uchar16 costs = clipped_of(vload16(0, sources + x));
        vstore16(costs, 0, clipped + x);
        vstore16(costs, 0, row.bounds + x);
    }
    for (ulong x = whole; x < length; x++) {
        clipped[x] = clipped_of_one(sources[x]);
        row.bounds[x] = clipped[x];
    }
#if BY_LABEL
    global const uchar *near = nearness(row, labels, length);
    for (ulong x = 0; x < length; x += 16) {
        const ushort16 steps = min(convert_ushort16(vload16(0, near + x)), (ushort16)16);
        const uchar16 squares = convert_uchar16(min(steps * steps, (ushort16)255));
        vstore16(min(vload16(0, row.bounds + x), squares), 0, row.bounds + x);
    }
#endif
}

/* Whether any byte is above another. */
int any_above(uchar16 a, uchar16 b) {
    const ulong2 above = as_ulong2(a > b);
    return (above.x | above.y) != 0;
}

/* The squared distances of a block, if none is above 254: `around` is its costs from MARGIN before it
   on. A cost k pixels away adds at least k^2, so that once none is larger there is no more to find. */
int look_around(global const uchar *around, global const uchar *bounds, global int *out) {
    uchar16 a = vload16(0, bounds), b = vload16(1, bounds);
    uchar16 c = vload16(2, bounds), d = vload16(3, bounds);
    for (uint k = 1; k < 16; k++) {
        const uchar16 square = (uchar16)(uchar)(k * k);
        if (!any_above(max(max(a, b), max(c, d)), square)) {
            break;
        }
        const uchar16 most = (uchar16)(uchar)(255 - k * k);
        global const uchar *before = around + MARGIN - k;
        global const uchar *after = around + MARGIN + k;
        a = min(a, min(min(vload16(0, before), vload16(0, after)), most) + square);
        b = min(b, min(min(vload16(1, before), vload16(1, after)), most) + square);
        c = min(c, min(min(vload16(2, before), vload16(2, after)), most) + square);
        d = min(d, min(min(vload16(3, before), vload16(3, after)), most) + square);
    }
    if (any_above(max(max(a, b), max(c, d)), (uchar16)254)) {
        return 0;
    }
    vstore16(convert_int16(a), 0, out);
    vstore16(convert_int16(b), 1, out);
    vstore16(convert_int16(c), 2, out);
    vstore16(convert_int16(d), 3, out);
    return 1;
}

/* The lower envelope over pixels `start` to `end` less 1. */
void envelope(const storage row, global const source *sources, global const label *labels, int start,
              int end, int length) {
    const int first = max(start - REACH, 0), last = min(end + REACH, length);
    int found = 0;
    int top = 0, top_start = 0, top_cost = 0;
    int before = NONE, own = COST_OF(sources[first], 1);
    for (int i = first; i < last; i++) {
        const int after = i + 1 < last ? COST_OF(sources[i + 1], 1) : NONE;
        const int here = own;
        /* Nowhere nearer than the nearer one of its neighbours. */
        const int hidden = (here >= NONE) | (before + after + 2 <= here + here);
        before = here;
        own = after;
        if (hidden) {
            continue;
        }
        int from = start;
        while (found > 0) {
            const int ahead = i - top;
            const int doubled = here - top_cost + ahead * ahead;
            const int both = 2 * ahead;
            from = top + (doubled > 0 ? (doubled - 1) / both + 1 : doubled / both);
            if (from > top_start) {
                break;
            }
            from = start;
            found--;
            if (found > 0) {
                top = row.places[found - 1];
                top_start = row.starts[found - 1];
                top_cost = row.values[found - 1];
            }
        }
        if (from < end) {
            top = i;
            top_start = from;
            top_cost = here;
            row.places[found] = top;
            row.starts[found] = top_start;
            row.values[found] = top_cost;
            found++;
        }
    }
    row.starts[found] = end;
    if (found == 0) {
        for (int x = start; x < end; x++) {
            row.squared[x] = NONE;
        }
    }
    for (int taken = 0; taken < found; taken++) {
        const int place = row.places[taken], value = row.values[taken];
        const int until = row.starts[taken + 1];
        for (int x = row.starts[taken]; x < until; x++) {
            const int steps = x - place;
            row.squared[x] = value + steps * steps;
        }
    }
#if BY_LABEL
    int run = first, run_end = first;
    for (int x = first; x < end; x++) {
        if (x == run_end) {
            run = x;
            do {
                run_end++;
            } while (run_end < last && labels[run_end] == labels[run]);
        }
        if (x >= start) {
            const int to_start = run > first ? x - run + 1 : 32767;
            const int to_end = run_end < last ? run_end - x : 32767;
            const int steps = min(to_start, to_end);
            row.squared[x] = min(row.squared[x], steps < 32767 ? steps * steps : NONE);
        }
    }
#endif
}

/* Squared distances of one row. */
void solve_row(const storage row, global const source *sources, global const label *labels,
               ulong length) {
    clip(row, sources, labels, length);
    const ulong blocks = (length + BLOCK - 1) / BLOCK;
    ulong block = 0;
    while (block < blocks) {
        /* Blocks that were deep on the row before are likely to be again. */
        if (!row.deep[block]) {
            global const uchar *around = row.clipped + block * BLOCK;
            global int *out = row.squared + block * BLOCK;
            row.deep[block] = !look_around(around, row.bounds + block * BLOCK, out);
        }
        block++;
    }
    block = 0;
    while (block < blocks) {
        if (!row.deep[block]) {
            block++;
            continue;
        }
        const ulong from = block;
        while (block < blocks && row.deep[block]) {
            block++;
        }
        const ulong end = min(block * BLOCK, length);
        envelope(row, sources, labels, from * BLOCK, end, length);
        for (ulong b = from; b < block; b++) {
            int longest = 0;
            for (ulong x = b * BLOCK; x < min((b + 1) * BLOCK, length); x++) {
                longest = max(longest, row.squared[x]);
            }
            row.deep[b] = longest > 254;
        }
    }
}

kernel void ROWS(global const source *restrict sources, global const label *restrict labels,
                 global uchar *restrict scratch, global finished *restrict out, ulong first,
                 ulong length, ulong rows, ulong rows_an_item, label than, real rate, real empty) {
    const ulong item = get_global_id(0);
    const ulong room = (length + BLOCK - 1) / BLOCK * BLOCK + BLOCK;
    storage row;
    scratch += item * room * ROW_BYTES;
    row.clipped = scratch;
    row.bounds = scratch + room;
    row.near[0] = scratch + 2 * room;
    row.near[1] = scratch + 3 * room;
    row.squared = (global int *)(scratch + 4 * room);
    row.places = row.squared + room;
    row.values = row.places + room;
    row.starts = row.values + room;
    row.deep = (global uchar *)(row.starts + room);
    for (ulong x = 0; x < room; x++) {
        row.clipped[x] = 255;
        row.bounds[x] = 0;
        row.near[0][x] = 255;
        row.near[1][x] = 255;
        row.deep[x] = 0;
    }
    const ulong end = min(rows, (item + 1) * rows_an_item);
    for (ulong y = item * rows_an_item; y < end; y++) {
        global const label *own = labels + y * length;
        solve_row(row, sources + y * length, own, length);
        global finished *to = out + first + y * length;
        for (ulong x = 0; x < length; x++) {
            if (CHOOSES(own[x], than)) {
                const int known = own[x] == IGNORED ? NONE : row.squared[x];
                to[x] = finish(known, own[x], rate, empty);
            }
        }
    }
}
