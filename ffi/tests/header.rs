//! The checked-in header is the one that the sources give.

use std::path::Path;
use std::{env, fs};

#[test]
fn is_up_to_date() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(package.join("cbindgen.toml")).unwrap();
    let bindings = cbindgen::generate_with_config(package, config).unwrap();
    let mut generated = Vec::new();
    bindings.write(&mut generated);
    let generated = String::from_utf8(generated).unwrap();

    let header = package.join("../include/segloss.h");
    if env::var_os("SEGLOSS_WRITE_HEADER").is_some() {
        fs::write(&header, &generated).unwrap();
    }
    let checked_in = fs::read_to_string(&header).unwrap_or_default();
    assert!(
        checked_in == generated,
        "include/segloss.h is stale: run this test with SEGLOSS_WRITE_HEADER=1"
    );
}
