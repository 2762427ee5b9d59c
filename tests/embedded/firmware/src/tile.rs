//! A tile to learn from: a bright disc with a soft edge in noise, and which pixels it covers.

/// Pixels along each side.
pub const SIDE: usize = 64;
/// Pixels of a tile.
pub const PIXELS: usize = SIDE * SIDE;
/// The target of pixels that do not count.
pub const IGNORED: u8 = 255;

/// Numbers from 0 to 1 that look random, by a linear congruential generator.
#[derive(Clone, Copy, Debug)]
pub struct Noise(pub u32);

impl Noise {
    /// The next one.
    pub fn draw(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / 16_777_216.0
    }
}

/// Fills an image with its brightness, and a mask with 1 inside the disc, 0 outside, and [`IGNORED`] in
/// one corner.
pub fn fill(image: &mut [f32; PIXELS], mask: &mut [u8; PIXELS]) {
    let mut noise = Noise(1);
    for (at, (brightness, target)) in image.iter_mut().zip(mask).enumerate() {
        let (row, column) = ((at / SIDE) as f32, (at % SIDE) as f32);
        let (down, right) = (row - 30.0, column - 35.0);
        // The square of a distance, in units of the disc's radius: 1 at its edge.
        let distance = (down * down + right * right) / 225.0;
        *brightness = 1.0 / (1.0 + distance * distance) + 0.4 * (noise.draw() - 0.5);
        *target = u8::from(distance < 1.0);
        if row < 6.0 && column < 6.0 {
            *target = IGNORED;
        }
    }
}
