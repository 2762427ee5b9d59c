use serde::Serialize;

use crate::check::Checked;

/// All that was found out about a device.
#[derive(Debug, Serialize)]
pub struct Report {
    pub platform: String,
    pub device: String,
    /// Bytes read and written a second by a copy, in GB.
    pub copy_gb_s: f64,
    pub checks: Vec<Checked>,
    pub times: Vec<Time>,
}

impl Report {
    /// Adds and prints a measurement.
    pub fn push(&mut self, time: Time) {
        let gb_s = time.bytes as f64 / time.seconds * 1e-9;
        let time = Time { gb_s, share_of_copy: gb_s / self.copy_gb_s, ..time };
        println!("{}", time.line());
        self.times.push(time);
    }
}

/// One loss or map at one size.
#[derive(Debug, Serialize)]
pub struct Time {
    pub what: String,
    pub size: String,
    pub logits: usize,
    /// By the device's clock.
    pub seconds: f64,
    /// By the caller's, from the first command to the value in hand.
    pub seconds_of_call: f64,
    pub ns_per_logit: f64,
    /// Bytes of inputs that a loss's kernels read and of gradient that they write; of a map the least, its
    /// image and its result.
    pub bytes: usize,
    pub gb_s: f64,
    /// Of the copy's rate.
    pub share_of_copy: f64,
    /// Threads of the CPU that the last number is of.
    pub host_threads: usize,
    /// How many times as long the CPU takes.
    pub host_ratio: f64,
}

impl Time {
    /// Without bytes and comparisons.
    pub fn new(
        what: String,
        size: &[usize],
        logits: usize,
        seconds: f64,
        seconds_of_call: f64,
    ) -> Self {
        let sides: Vec<String> = size.iter().map(ToString::to_string).collect();
        Time {
            what,
            size: sides.join("x"),
            logits,
            seconds,
            seconds_of_call,
            ns_per_logit: seconds * 1e9 / logits as f64,
            bytes: 0,
            gb_s: 0.0,
            share_of_copy: 0.0,
            host_threads: rayon::current_num_threads(),
            host_ratio: 0.0,
        }
    }

    pub fn heading() -> String {
        format!(
            "{:40} {:>12} {:>9} {:>8} {:>8} {:>9} {:>10}",
            "loss", "size", "ns/logit", "GB/s", "of copy", "call, ms", "host/this"
        )
    }

    pub fn line(&self) -> String {
        format!(
            "{:40} {:>12} {:>9.3} {:>8.2} {:>7.0}% {:>9.3} {:>10.2}",
            self.what,
            self.size,
            self.ns_per_logit,
            self.gb_s,
            100.0 * self.share_of_copy,
            1e3 * self.seconds_of_call,
            self.host_ratio
        )
    }
}
