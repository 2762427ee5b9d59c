//! The checked-in header is the one that the sources give, and every kind of C and C++ takes it, beside
//! OpenCL's own and that of the processor's library.

use segloss_c_tests::header;

use crate::{HEADER, LIBRARY};

#[test]
fn is_up_to_date() {
    header::assert_up_to_date(&LIBRARY, HEADER);
}

#[test]
fn compiles_as_every_standard() {
    let orders: [(&str, &[&str]); 5] = [
        ("alone", &["<segloss_opencl.h>"]),
        ("opencl_first", &["<CL/cl.h>", "<segloss_opencl.h>"]),
        ("opencl_last", &["<segloss_opencl.h>", "<CL/cl.h>"]),
        ("processor_first", &["<segloss.h>", "<segloss_opencl.h>"]),
        ("processor_last", &["<segloss_opencl.h>", "<segloss.h>"]),
    ];
    for (name, headers) in orders {
        let mut source = String::from("#define CL_TARGET_OPENCL_VERSION 120\n");
        source.extend(headers.iter().map(|header| format!("#include {header}\n")));
        header::assert_compiles(&LIBRARY, ["cc", "c++"], name, &source);
    }
}
