//! Tests alone: a package of its own, because `segloss-opencl` is built without what they need.
