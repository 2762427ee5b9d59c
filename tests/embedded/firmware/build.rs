//! The memory of the board that QEMU calls mps2: code at 0, data at 0x2000_0000; half a megabyte and 128 KB
//! of it, as parts of middle size have.

use std::path::PathBuf;
use std::{env, fs};

const MEMORY: &str = "MEMORY {
  FLASH : ORIGIN = 0x00000000, LENGTH = 512K
  RAM : ORIGIN = 0x20000000, LENGTH = 128K
}
";

fn main() {
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo says where"));
    fs::write(folder.join("memory.x"), MEMORY).expect("Cargo's folder can be written to");
    println!("cargo:rustc-link-search={}", folder.display());
    println!("cargo:rerun-if-changed=build.rs");
}
