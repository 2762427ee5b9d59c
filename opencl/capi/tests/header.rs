//! The checked-in header is the one that the sources give, and every kind of C and C++ takes it, beside
//! OpenCL's own and that of the processor's library.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

#[test]
fn is_up_to_date() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(package.join("cbindgen.toml")).unwrap();
    let bindings = cbindgen::generate_with_config(package, config).unwrap();
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    let generated = String::from_utf8(generated).unwrap();

    let header = package.join("../../include/segloss_opencl.h");
    if env::var_os("SEGLOSS_WRITE_HEADER").is_some() {
        fs::write(&header, &generated).unwrap();
    }
    let checked_in = fs::read_to_string(&header).unwrap_or_default();
    assert!(
        checked_in == generated,
        "include/segloss_opencl.h is stale: run this test with SEGLOSS_WRITE_HEADER=1"
    );
}

#[test]
fn compiles_as_every_standard() {
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../include");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let orders = [
        ("alone", vec!["<segloss_opencl.h>"]),
        ("opencl_first", vec!["<CL/cl.h>", "<segloss_opencl.h>"]),
        ("opencl_last", vec!["<segloss_opencl.h>", "<CL/cl.h>"]),
        ("processor_first", vec!["<segloss.h>", "<segloss_opencl.h>"]),
        ("processor_last", vec!["<segloss_opencl.h>", "<segloss.h>"]),
    ];
    for (compiler, kind, standards) in
        [("cc", "c", ["c99", "c11", "c17"]), ("c++", "cpp", ["c++11", "c++17", "c++20"])]
    {
        for (name, headers) in &orders {
            let source = folder.join(format!("{name}.{kind}"));
            let lines: String =
                headers.iter().map(|header| format!("#include {header}\n")).collect();
            fs::write(&source, lines).unwrap();
            for standard in standards {
                let output = Command::new(compiler)
                    .arg(format!("-std={standard}"))
                    .args(["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only"])
                    .args(["-DCL_TARGET_OPENCL_VERSION=120", "-I"])
                    .arg(&include)
                    .arg(&source)
                    .output()
                    .unwrap_or_else(|error| panic!("{compiler}: {error}"));
                let errors = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{name}, {standard}: {errors}");
            }
        }
    }
}
