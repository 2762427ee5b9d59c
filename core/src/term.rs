//! What all kinds of terms have in common: parameters and their values.

/// A parameter of a term.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in the text form.
    pub name: &'static str,
    /// Its value unless given.
    pub default: f64,
}

/// The values of a term's parameters, in the order the term declares them.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    values: &'a [f64],
    parameters: &'static [Parameter],
}

impl<'a> Arguments<'a> {
    /// Values for the first of `parameters`; the rest take their defaults.
    pub fn new(values: &'a [f64], parameters: &'static [Parameter]) -> Self {
        Arguments { values, parameters }
    }

    /// The value of parameter `index`; NaN, which no term accepts, if it is not declared.
    pub fn get(&self, index: usize) -> f64 {
        let given = self.values.get(index).copied();
        given.or(self.parameters.get(index).map(|p| p.default)).unwrap_or(f64::NAN)
    }
}

/// How the losses of pixels, or of samples, become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Divided by the number of valid pixels (pixel and class terms), or of samples (region terms).
    #[default]
    Mean,
    /// Added up.
    Sum,
}
