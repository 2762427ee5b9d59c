/// A polynomial in `$x` with `$x2 = $x * $x`, coefficients from the lowest degree up: Horner's rule in
/// `$x2`, two terms at a time.
///
/// It takes the operations of Horner's rule in `$x`, in half as many steps that wait for one another. A
/// macro and not a loop over an array, so that no loop is left inside the pixel loop, which the
/// compiler would then not vectorise. `L` is the lanes of the function around it.
macro_rules! polynomial {
    ($x:expr, $x2:expr, $a:literal $(,)?) => {
        L::splat($a)
    };
    ($x:expr, $x2:expr, $a:literal, $b:literal $(,)?) => {
        L::splat($a) + L::splat($b) * $x
    };
    ($x:expr, $x2:expr, $a:literal, $b:literal, $($rest:literal),+ $(,)?) => {
        (L::splat($a) + L::splat($b) * $x) + polynomial!($x, $x2, $($rest),+) * $x2
    };
}

pub(super) use polynomial;
