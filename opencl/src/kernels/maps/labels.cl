/* What targets stand for: a work item a pixel, each plane of targets a plane of labels. */
kernel void read_labels(global const stored_target *targets, ulong first, ulong pixels,
                        ulong first_plane, ulong channels, uint ignoring, constant target *ignored,
                        int masking, global const uchar *mask, ulong mask_first, ulong mask_channels,
                        global label *labels) {
    const ulong i = get_global_id(0);
    if (i >= pixels) {
        return;
    }
    const ulong plane = first_plane + get_global_id(1);
    const target found = load_target(targets + first + plane * pixels + i);
    /* Numbers, not truth values: PoCL 3.1 mixes up those of neighbouring work items. */
    int out = 0;
    for (uint k = 0; k < ignoring; k++) {
        out |= found == ignored[k];
    }
    if (masking) {
        const ulong channel = mask_channels == 1 ? 0 : plane % channels;
        const ulong mask_plane = plane / channels * mask_channels + channel;
        out |= mask[mask_first + mask_plane * pixels + i] == 0;
    }
    labels[get_global_id(1) * pixels + i] = out ? IGNORED : LABEL(found);
}
