/* Masks of one bit a pixel: each row starts with a word of its own, lowest bit first, and bits past
   its end are 0. Work items: words of a row, rows of all slices of a plane, planes. */

/* Bytes of 0 or 1 as bits. */
kernel void pack(global const uchar *bytes, ulong width, global ulong *bits) {
    const ulong j = get_global_id(0), words = (width + 63) / 64;
    if (j >= words) {
        return;
    }
    const ulong row = get_global_id(2) * get_global_size(1) + get_global_id(1);
    bytes += row * width + j * 64;
    const ulong pixels = min((ulong)64, width - j * 64);
    const ulong8 places = (ulong8)(0, 1, 2, 3, 4, 5, 6, 7);
    ulong word = 0;
    ulong i = 0;
    for (; i + 8 <= pixels; i += 8) {
        const ulong8 eight = convert_ulong8(vload8(0, bytes + i)) << places;
        const ulong4 four = eight.lo | eight.hi;
        const ulong2 two = four.lo | four.hi;
        word |= (two.lo | two.hi) << i;
    }
    for (; i < pixels; i++) {
        word |= (ulong)bytes[i] << i;
    }
    bits[row * words + j] = word;
}

/* Word `j` of a row, with `outside` past both ends. */
ulong word_at(global const ulong *row, long j, ulong words, ulong width, ulong outside) {
    if (j < 0 || j >= (long)words) {
        return outside;
    }
    const ulong rest = width % 64;
    return row[j] | (j + 1 == (long)words && rest != 0 ? outside << rest : 0);
}

/* Each pixel together with those `by` before and after it along some axes: any of them if `flip` is 0,
   all of them if it is ~0. */
kernel void spread(global const ulong *from, global ulong *to, ulong depth, ulong height, ulong width,
                 int along_depth, int along_height, int along_width, ulong by, ulong outside,
                 ulong flip) {
    const ulong j = get_global_id(0), row = get_global_id(1), words = (width + 63) / 64;
    if (j >= words) {
        return;
    }
    const ulong slice = height * words;
    const ulong y = row % height, z = row / height;
    from += (get_global_id(2) * depth * height + row) * words;
    to += (get_global_id(2) * depth * height + row) * words;
    /* All of them: not any of what is not. */
    const ulong beyond = outside ^ flip;
    ulong any = from[j] ^ flip;
    if (along_width) {
        const ulong far = min(by, words * 64);
        const long whole = far / 64;
        const ulong bits = far % 64, rest = 63 - bits;
        const long here = j;
        const ulong low = word_at(from, here - whole, words, width, outside) ^ flip;
        const ulong lower = word_at(from, here - whole - 1, words, width, outside) ^ flip;
        const ulong high = word_at(from, here + whole, words, width, outside) ^ flip;
        const ulong higher = word_at(from, here + whole + 1, words, width, outside) ^ flip;
        /* `64 - bits` in two shifts, which may be a whole word. */
        any |= low << bits | lower >> 1 >> rest;
        any |= high >> bits | higher << 1 << rest;
    }
    if (along_height) {
        any |= y >= by ? *(from + j - by * words) ^ flip : beyond;
        any |= by < height - y ? from[j + by * words] ^ flip : beyond;
    }
    if (along_depth) {
        any |= z >= by ? *(from + j - by * slice) ^ flip : beyond;
        any |= by < depth - z ? from[j + by * slice] ^ flip : beyond;
    }
    const ulong rest = width % 64;
    const ulong inside = j + 1 == words && rest != 0 ? ~(~(ulong)0 << rest) : ~(ulong)0;
    to[j] = (any ^ flip) & inside;
}
