/* Which targets are one of some labels. */
mask is_any_of(targets_t found, constant target *labels, uint count) {
    mask any_of = (mask)(0);
    for (uint label = 0; label < count; label++) {
        any_of |= TO_MASK(found == labels[label]);
    }
    return any_of;
}

