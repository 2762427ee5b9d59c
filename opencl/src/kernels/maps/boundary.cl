/* Whether there is a boundary between two neighbours. */
int between(label here, label there) {
    return (here != there) & (here != IGNORED) & (there != IGNORED);
}

/* Which pixels are at a boundary: one that shares a face with it has another label, or what is outside
   the image has, if that is background. A work item a pixel, a byte a pixel. */
kernel void boundary(global const label *labels, ulong depth, ulong height, ulong width, uint axes,
                     int outside, global uchar *marks) {
    const ulong x = get_global_id(0), row = get_global_id(1);
    if (x >= width) {
        return;
    }
    const ulong slice = height * width;
    const ulong y = row % height, z = row / height;
    const ulong at = (get_global_id(2) * depth * height + row) * width + x;
    labels += at;
    const label here = labels[0];
    const int edge = outside & (here != 0) & (here != IGNORED);
    int found = x > 0 ? between(here, labels[-1]) : edge;
    found |= x + 1 < width ? between(here, labels[1]) : edge;
    if (axes > 1) {
        found |= y > 0 ? between(here, *(labels - width)) : edge;
        found |= y + 1 < height ? between(here, labels[width]) : edge;
    }
    if (axes > 2) {
        found |= z > 0 ? between(here, *(labels - slice)) : edge;
        found |= z + 1 < depth ? between(here, labels[slice]) : edge;
    }
    marks[at] = found;
}
