//! Tests of the C library for OpenCL devices, in one binary.

mod c_call;
mod header;
mod program;
mod symbols;
