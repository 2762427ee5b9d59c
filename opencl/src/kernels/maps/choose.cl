/* One of two values for each bit: work items are pixels of a row, rows, planes. */
kernel void choose(global const ulong *bits, ulong width, real set, real clear, ulong first,
                   global real *out) {
    const ulong x = get_global_id(0), words = (width + 63) / 64;
    if (x >= width) {
        return;
    }
    const ulong row = get_global_id(2) * get_global_size(1) + get_global_id(1);
    const ulong word = bits[row * words + x / 64];
    out[first + row * width + x] = (word >> x % 64 & 1) != 0 ? set : clear;
}
