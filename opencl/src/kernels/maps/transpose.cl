/* The rows of each plane as columns, by way of a tile of SIDE x SIDE in local memory, so that reads and
   writes both are of neighbouring elements. */
kernel void transpose(global const element *from, ulong from_first, global element *to,
                      ulong to_first, ulong rows, ulong columns) {
    local element tile[SIDE][SIDE + 1];
    const ulong plane = get_group_id(2) * rows * columns;
    const ulong x = get_local_id(0), y = get_local_id(1);
    const ulong first_column = get_group_id(0) * SIDE, first_row = get_group_id(1) * SIDE;
    if (first_row + y < rows && first_column + x < columns) {
        tile[y][x] = from[from_first + plane + (first_row + y) * columns + first_column + x];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (first_column + y < columns && first_row + x < rows) {
        to[to_first + plane + (first_column + y) * rows + first_row + x] = tile[x][y];
    }
}
