/* Distances along rows in memory, on devices with caches and vectors: a work item goes along many rows
   one after the other, with storage of its own for one. Distances below 16 come from looking 15
   pixels to both sides in bytes, a block of 64 pixels at a time; the lower envelope is for runs of
   blocks with longer ones. */

#define BLOCK 64
/* Pixels past both ends of a row that there is room for. */
#define MARGIN 16
/* A pixel beside a run of such blocks has a distance below 16, so that what lies farther from the run
   than this is not nearest to any of its pixels. */
#define REACH 17
/* More than any side here. */
#define FAR (1 << 16)

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
    global int *costs;
    global uchar *keep;
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
/* 1 beside a pixel of another label, 255 elsewhere. */
void mark_ends(global const label *restrict labels, global uchar *restrict near, long length) {
    for (long x = 1; x < length - 1; x++) {
        near[x] = ((labels[x - 1] != labels[x]) | (labels[x + 1] != labels[x])) ? 1 : 255;
    }
    near[0] = length > 1 && labels[1] != labels[0] ? 1 : 255;
    near[length - 1] = length > 1 && labels[length - 2] != labels[length - 1] ? 1 : 255;
}

/* Steps to the nearest pixel of another label on the row, up to 15; 255 if there are more. */
global uchar *nearness(const storage row, global const label *labels, ulong length) {
    global uchar *from = row.near[0] + MARGIN;
    global uchar *to = row.near[1] + MARGIN;
    mark_ends(labels, from, length);
    for (uint steps = 1; steps <= 8; steps *= 2) {
        const uchar16 most = (uchar16)(uchar)(255 - steps);
        for (ulong x = 0; x < length; x += 16) {
            const uchar16 beside = min(LOAD(uchar16, from + x - steps), LOAD(uchar16, from + x + steps));
            const uchar16 farther = min(beside, most) + (uchar16)(uchar)steps;
            STORE(uchar16, min(LOAD(uchar16, from + x), farther), to + x);
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
        const uchar16 costs = clipped_of(LOAD(ROW_SOURCE16, sources + x));
        STORE(uchar16, costs, clipped + x);
        STORE(uchar16, costs, row.bounds + x);
    }
    for (ulong x = whole; x < length; x++) {
        clipped[x] = clipped_of_one(sources[x]);
        row.bounds[x] = clipped[x];
    }
#if BY_LABEL
    global const uchar *near = nearness(row, labels, length);
    for (ulong x = 0; x < length; x += 16) {
        const ushort16 steps = min(convert_ushort16(LOAD(uchar16, near + x)), (ushort16)16);
        const uchar16 squares = convert_uchar16(min(steps * steps, (ushort16)255));
        STORE(uchar16, min(LOAD(uchar16, row.bounds + x), squares), row.bounds + x);
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
    uchar16 a = LOAD(uchar16, bounds + 0), b = LOAD(uchar16, bounds + 16);
    uchar16 c = LOAD(uchar16, bounds + 32), d = LOAD(uchar16, bounds + 48);
    for (uint k = 1; k < 16; k++) {
        const uchar16 square = (uchar16)(uchar)(k * k);
        if (!any_above(max(max(a, b), max(c, d)), square)) {
            break;
        }
        const uchar16 most = (uchar16)(uchar)(255 - k * k);
        global const uchar *before = around + MARGIN - k;
        global const uchar *after = around + MARGIN + k;
        a = min(a, min(min(LOAD(uchar16, before + 0), LOAD(uchar16, after + 0)), most) + square);
        b = min(b, min(min(LOAD(uchar16, before + 16), LOAD(uchar16, after + 16)), most) + square);
        c = min(c, min(min(LOAD(uchar16, before + 32), LOAD(uchar16, after + 32)), most) + square);
        d = min(d, min(min(LOAD(uchar16, before + 48), LOAD(uchar16, after + 48)), most) + square);
    }
    if (any_above(max(max(a, b), max(c, d)), (uchar16)254)) {
        return 0;
    }
    STORE(int16, convert_int16(a), out + 0);
    STORE(int16, convert_int16(b), out + 16);
    STORE(int16, convert_int16(c), out + 32);
    STORE(int16, convert_int16(d), out + 48);
    return 1;
}

/* Costs of `count` pixels. Those that are looked at before and after them are NONE. */
void read_costs(global const source *sources, global int *costs, int count) {
    STORE(int16, (int16)NONE, costs - 16);
    int i = 0;
    for (; i + 16 <= count; i += 16) {
#if FROM_GAPS
        const int16 steps = convert_int16(LOAD(ROW_SOURCE16, sources + i));
        const int16 none = steps == (int16)NO_GAP;
        STORE(int16, select(steps * steps, (int16)NONE, none), costs + i);
#else
        STORE(int16, LOAD(int16, sources + i), costs + i);
#endif
    }
    for (; i < count; i++) {
        costs[i] = COST_OF(sources[i], 1);
    }
    STORE(int16, (int16)NONE, costs + count);
    STORE(int16, (int16)NONE, costs + count + 16);
}

/* 1 where a pixel is somewhere nearer than both of a pair around it, for three pairs, else 0. */
void prune(global const int *costs, global uchar *keep, int count) {
    for (int i = 0; i < count; i += 16) {
        global const int *at = costs + i;
        const int16 here = LOAD(int16, at);
        const int16 twice = here + here;
        int16 hidden = here >= (int16)NONE;
        hidden |= LOAD(int16, at - 1) + LOAD(int16, at + 1) + (int16)2 <= twice;
        hidden |= LOAD(int16, at - 2) + LOAD(int16, at + 2) + (int16)8 <= twice;
        hidden |= LOAD(int16, at - 4) + LOAD(int16, at + 4) + (int16)32 <= twice;
        STORE(uchar16, convert_uchar16(hidden + (int16)1), keep + i);
    }
}

/* The first pixel that is no farther from `i`, of cost `here`, than from `top` before it. */
int first_nearer(int top, int top_cost, int i, int here) {
    return top + (int)overtaken(top_cost, here, i - top, 1);
}

/* The lower envelope over pixels `start` to `end` less 1. */
void envelope(const storage row, global const source *sources, global const label *labels, int start,
              int end, int length) {
    const int first = max(start - REACH, 0), last = min(end + REACH, length);
    global int *costs = row.costs + 16;
    read_costs(sources + first, costs, last - first);
    prune(costs, row.keep, last - first);
    int found = 0;
    int top = 0, top_start = 0, top_cost = 0;
    for (int i = first; i < last; i++) {
        if ((i - first) % 16 == 0) {
            const ulong2 sixteen = as_ulong2(LOAD(uchar16, row.keep + i - first));
            if ((sixteen.x | sixteen.y) == 0) {
                i += 15;
                continue;
            }
        }
        if (!row.keep[i - first]) {
            continue;
        }
        const int here = costs[i - first];
        while (found > 0) {
            /* Whether the top is still lowest somewhere: where it begins to be. */
            const int of_here = top_start - i, of_top = top_start - top;
            if (here + of_here * of_here > top_cost + of_top * of_top) {
                break;
            }
            found--;
            if (found > 0) {
                top = row.places[found - 1];
                top_start = row.starts[found - 1];
                top_cost = row.values[found - 1];
            }
        }
        const int from = found > 0 ? first_nearer(top, top_cost, i, here) : start;
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
    for (int run = first, run_end = first; run_end < end; run = run_end) {
        const label own = labels[run];
        run_end++;
#if LABEL_BYTES == 1
        while (run_end + 16 <= last && !any_above(LOAD(label16, labels + run_end) ^ (label16)own, 0)) {
            run_end += 16;
        }
#endif
        while (run_end < last && labels[run_end] == own) {
            run_end++;
        }
        /* Farther than any pixel, where the run goes on past what is looked at. */
        const int before = run > first ? run - 1 : -FAR, after = run_end < last ? run_end : FAR;
        if (before == -FAR && after == FAR) {
            continue;
        }
        const int until = min(run_end, end);
        for (int x = max(run, start); x < until; x++) {
            const int steps = min(x - before, after - x);
            row.squared[x] = min(row.squared[x], steps * steps);
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
    row.costs = row.starts + room;
    row.deep = (global uchar *)(row.costs + room);
    row.keep = row.deep + room;
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
