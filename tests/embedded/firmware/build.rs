//! The memory of the board, and the golden vectors as Rust.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

/// The board that QEMU calls mps2: 4 MB of code at 0, which the table of bits takes much of; and 512 KB of its
/// data at 0x2000_0000, which the table in f64 takes a quarter of.
const MEMORY: &str = "MEMORY {
  FLASH : ORIGIN = 0x00000000, LENGTH = 4096K
  RAM : ORIGIN = 0x20000000, LENGTH = 512K
}
";

/// Losses as recorded, and the parameters of each case that is taken: one set of them.
const BINARY: &[(&str, &str)] = &[
    ("bce", "{}"),
    ("focal", "{}"),
    ("dice", "{}"),
    ("tversky", r#"{"alpha":0.3,"beta":0.7}"#),
    ("focal_tversky", r#"{"alpha":0.3,"beta":0.7,"gamma":0.75}"#),
];
const MULTICLASS: &[(&str, &str)] = &[
    ("ce", r#"{"ignore_index":255}"#),
    ("mcfocal", r#"{"ignore_index":255}"#),
    ("mcdice", r#"{"ignore_index":255,"smooth":1e-06}"#),
];
/// Classes and pixels that a board has memory for.
const CLASSES: usize = 4;
const PIXELS: usize = 600;

fn main() {
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("Cargo says where"));
    fs::write(folder.join("memory.x"), MEMORY).expect("Cargo's folder can be written to");
    println!("cargo:rustc-link-search={}", folder.display());
    let mut code = String::new();
    for (file, losses) in [("binary", BINARY), ("multiclass", MULTICLASS)] {
        let path = format!("{}/../../golden/{file}.json", env!("CARGO_MANIFEST_DIR"));
        println!("cargo:rerun-if-changed={path}");
        write_cases(&mut code, Path::new(&path), file, losses);
    }
    fs::write(folder.join("golden.rs"), code).expect("Cargo's folder can be written to");
    println!("cargo:rerun-if-changed=build.rs");
}

/// One static array of cases a file: those of one sample, whose numbers are bytes and floats of 32 bits.
fn write_cases(code: &mut String, path: &Path, file: &str, losses: &[(&str, &str)]) {
    let text = fs::read_to_string(path).expect("golden vectors are in the repository");
    let all: Value = serde_json::from_str(&text).expect("golden vectors are JSON");
    writeln!(code, "pub static {}: &[Case] = &[", file.to_uppercase()).expect("to memory");
    for case in all["cases"].as_array().expect("a list of cases") {
        let name = case["loss"].as_str().unwrap_or_default();
        let input = &all["inputs"][case["input"].as_str().unwrap_or_default()];
        let shape: Vec<usize> = numbers(&input["shape"]).iter().map(|&n| n as usize).collect();
        let (logits, targets) = (numbers(&input["logits"]), numbers(&input["targets"]));
        let are_bytes = targets.iter().all(|&y| (0.0..256.0).contains(&y) && y.fract() == 0.0);
        let are_single = logits.iter().all(|&z| f64::from(z as f32) == z);
        let fits = shape[0] == 1 && shape[1] <= CLASSES && targets.len() <= PIXELS;
        // Where the recorded gradient, in f64, is itself off the exact one, there is nothing to compare with.
        let is_exact =
            case["rel_err"].as_f64() < Some(1e-12) && case["grad_rel_err"].as_f64() < Some(1e-10);
        let given = |text| serde_json::from_str::<Value>(text).expect("a constant of JSON");
        let is_asked =
            losses.iter().any(|&(loss, text)| loss == name && given(text) == case["params"]);
        // None is recorded for no valid pixel, whose mean differs from the source's by design.
        let Some(value) = case["exact_value"].as_f64() else { continue };
        if is_asked && fits && are_bytes && are_single && is_exact {
            let gradient = numbers(&case["grad"]);
            writeln!(
                code,
                "Case {{ id: {:?}, loss: {name:?}, classes: {}, logits: &{logits:?}, targets: &{targets:?}, \
                 value: {value:?}, gradient: &{gradient:?} }},",
                case["id"].as_str().unwrap_or_default(),
                shape[1],
                targets = targets.iter().map(|&y| y as u8).collect::<Vec<_>>(),
            )
            .expect("to memory");
        }
    }
    writeln!(code, "];").expect("to memory");
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
}
