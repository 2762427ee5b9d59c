use core::fmt;

use crate::ignore::MOST_IGNORED;
use crate::link::Link;
use crate::range::Range;
use crate::shape::{Shape, Strides};
use crate::view::Number;

/// What was wrong with a call. Outputs are untouched whenever one of these is returned, but for a gradient that was to be
/// overwritten, which may hold anything.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A tensor without a single pixel: there is nothing to average.
    Empty {
        /// The argument.
        argument: &'static str,
        /// Its shape.
        shape: Shape,
    },
    /// A shape other than the one that fits.
    Shape {
        /// The argument.
        argument: &'static str,
        /// Its shape.
        shape: Shape,
        /// The shape that fits.
        expected: Shape,
    },
    /// Spatial axes other than 1 to 3.
    Axes {
        /// The argument.
        argument: &'static str,
        /// How many were given.
        axes: usize,
    },
    /// A shape and strides that reach past the end of the data, or past what an index can hold.
    Extent {
        /// The shape.
        shape: Shape,
        /// The strides, in elements.
        strides: Strides,
        /// Elements at hand.
        length: usize,
    },
    /// Gradient strides under which two logits share memory.
    Overlap {
        /// The gradient's shape.
        shape: Shape,
        /// Its strides, in elements.
        strides: Strides,
    },
    /// More channels or fewer than the link takes.
    Channels {
        /// Channels of the logits.
        channels: usize,
        /// What was expected.
        expected: &'static str,
    },
    /// A label that is neither a class nor ignored.
    Label {
        /// The label; NaN or a fraction where a float target holds one.
        label: Number,
        /// Its sample in the batch.
        sample: usize,
        /// Its pixel within the sample, in row-major order.
        pixel: usize,
        /// The number of classes: labels 0 to `classes - 1` are expected.
        classes: usize,
    },
    /// A float target outside `[0, 1]`.
    Share {
        /// The target.
        target: Number,
        /// Its sample in the batch.
        sample: usize,
        /// Its channel.
        channel: usize,
        /// Its pixel within the sample, in row-major order.
        pixel: usize,
    },
    /// A target of a mask of integers that is neither 0, nor what stands for foreground, nor ignored.
    Mask {
        /// The target.
        target: Number,
        /// The number that stood for foreground before; none if this is the first that is not 0.
        foreground: Option<Number>,
        /// Its sample in the batch.
        sample: usize,
        /// Its channel.
        channel: usize,
        /// Its pixel within the sample, in row-major order.
        pixel: usize,
    },
    /// Targets of two classes that hold 0 and 255 alone, in a call that says nothing of what it ignores.
    Unclear {
        /// The sample of the first pixel that holds 255.
        sample: usize,
        /// That pixel within the sample, in row-major order.
        pixel: usize,
    },
    /// More labels to ignore than a call can have.
    Ignored {
        /// How many were given.
        length: usize,
    },
    /// An argument that nothing uses.
    Unused {
        /// The argument.
        argument: &'static str,
        /// What would use it.
        expected: &'static str,
    },
    /// A parameter of a term out of its range.
    Parameter {
        /// The term.
        term: &'static str,
        /// The parameter.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The values that were expected.
        expected: Range,
    },
    /// A term's coefficient that is negative or not finite.
    Coefficient {
        /// The coefficient.
        value: f64,
    },
    /// A term that the call's link has no meaning for.
    Link {
        /// The term.
        term: &'static str,
        /// What was expected.
        expected: &'static str,
    },
    /// A call under another link than the loss was read for.
    CallLink {
        /// The call's.
        call: Link,
        /// The loss's.
        loss: Link,
    },
    /// More values than a term has parameters.
    Arguments {
        /// The term.
        term: &'static str,
        /// How many were given.
        given: usize,
        /// How many parameters there are.
        expected: usize,
    },
    /// An upstream gradient that is not finite, or is not once multiplied by a coefficient and
    /// rounded to the computing format.
    Scale {
        /// The scale.
        value: f64,
    },
    /// A number of values other than one a sample.
    Samples {
        /// The argument.
        argument: &'static str,
        /// How many there are.
        length: usize,
        /// How many samples there are.
        expected: usize,
    },
    /// A term that has no loss of one sample, because it is formed over the whole batch.
    Pooled {
        /// The term.
        term: &'static str,
    },
    /// A term that has no loss of one pixel.
    NoLossMap {
        /// The term.
        term: &'static str,
    },
    /// A class weight that is negative or not finite.
    ClassWeight {
        /// The term.
        term: &'static str,
        /// The list's name.
        name: &'static str,
        /// The class.
        class: usize,
        /// Its weight.
        value: f64,
    },
    /// A list of class weights that has not one for each class.
    ClassWeights {
        /// The term.
        term: &'static str,
        /// The list's name.
        name: &'static str,
        /// How many there are.
        length: usize,
        /// How many classes the logits have.
        classes: usize,
    },
    /// A region term that sees no class.
    NoClasses {
        /// The term.
        term: &'static str,
        /// How many classes the logits have.
        classes: usize,
    },
    /// Class weights for a term that takes none.
    NoClassWeights {
        /// The term.
        term: &'static str,
    },
    /// An option for a term of a kind that does not have it.
    NoOption {
        /// The term.
        term: &'static str,
        /// The option.
        option: &'static str,
    },
    /// Weights for a term composed at compile time without them.
    NotWeighted {
        /// The term.
        term: &'static str,
    },
    /// A region term of weighted sums in a call without weights.
    NoWeights {
        /// The term.
        term: &'static str,
    },
    /// A region term of weighted sums beside one that is not, or the other way round.
    MixedRegions {
        /// The term that differs from those before it.
        term: &'static str,
        /// Whether it is weighted.
        weighted: bool,
    },
    /// A map that the call does not have.
    Map {
        /// Its place.
        place: usize,
        /// How many there are.
        maps: usize,
    },
    /// A map whose weights are not computed but given by the caller.
    NotComputed {
        /// The map.
        map: &'static str,
    },
    /// A pixel's weight that is not finite, or negative where it may not be.
    Weight {
        /// The argument.
        argument: &'static str,
        /// The weight.
        value: f64,
        /// Its sample in the batch.
        sample: usize,
        /// Its channel.
        channel: usize,
        /// Its pixel within the sample, in row-major order.
        pixel: usize,
        /// Whether negative ones are allowed.
        is_signed: bool,
    },
    /// A term or map that cannot be registered.
    Definition {
        /// Its name.
        name: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// Storage that the system does not give.
    Memory {
        /// Which part.
        argument: &'static str,
        /// Elements asked for.
        length: usize,
    },
    /// Storage lent by the caller that is too short.
    Workspace {
        /// Which part.
        argument: &'static str,
        /// Its length.
        length: usize,
        /// The length that fits.
        expected: usize,
    },
    /// Fewer classes than there can be, or more.
    Classes {
        /// The argument with an entry a class.
        argument: &'static str,
        /// How many there are.
        classes: usize,
        /// What was expected.
        expected: &'static str,
    },
    /// A list of another length than the one that fits.
    Length {
        /// The argument.
        argument: &'static str,
        /// Its length.
        length: usize,
        /// The length that fits.
        expected: usize,
    },
    /// A count of pixels that might overflow.
    Count {
        /// The class.
        class: usize,
        /// Its count.
        count: u64,
        /// Pixels to be counted, of any class.
        more: u64,
    },
    /// Classes of which no pixel was counted: no masks, or every pixel ignored.
    NothingCounted {
        /// The number of classes.
        classes: usize,
    },
    /// Masks in which only one class occurs, where two are needed.
    OneClass {
        /// The class that occurs.
        class: usize,
    },
    /// An image of more pixels than can be numbered.
    Pixels {
        /// The argument.
        argument: &'static str,
        /// Pixels of one image.
        pixels: usize,
        /// How many there may be.
        most: usize,
    },
    /// An image too large for the numbers of its distance transform.
    TooLong {
        /// Its shape.
        shape: Shape,
        /// What was expected.
        expected: &'static str,
    },
    /// A spacing for another number of axes than the image has.
    Spacing {
        /// How many the spacing is for.
        given: usize,
        /// Axes of the image.
        axes: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Error::Empty { argument, shape } => {
                write!(
                    f,
                    "`{argument}` has shape {shape}: every axis but that of samples must be at least 1"
                )
            }
            Error::Shape { argument, shape, expected } => {
                write!(f, "`{argument}` has shape {shape}, expected {expected}")
            }
            Error::Axes { argument, axes } => {
                write!(f, "`{argument}` has {axes} axes, expected 1 to 3")
            }
            Error::Extent { shape, strides, length } => {
                write!(f, "shape {shape} with strides {strides} reaches past the {length} elements")
            }
            Error::Overlap { shape, strides } => write!(
                f,
                "`gradient` of shape {shape} with strides {strides} lets two logits share memory, \
                 expected one place each"
            ),
            Error::Channels { channels, expected } => {
                write!(f, "`logits` has {channels} channels, expected {expected}")
            }
            Error::Label { label, sample, pixel, classes } => write!(
                f,
                "`targets` holds label {label} at pixel {pixel} of sample {sample}, expected an \
                 integer from 0 to {} or `ignore_index`",
                classes.saturating_sub(1)
            ),
            Error::Share { target, sample, channel, pixel } => write!(
                f,
                "`targets` holds {target} at pixel {pixel} of sample {sample}, channel {channel}, \
                 expected 0 to 1 (divide a mask of 0 and 255 by 255; clip what resizing left outside)"
            ),
            Error::Mask { target, foreground, sample, channel, pixel } => {
                write!(
                    f,
                    "`targets` holds {target} at pixel {pixel} of sample {sample}, channel {channel}"
                )?;
                if let Some(foreground) = foreground {
                    write!(f, ", and {foreground} before it")?;
                }
                f.write_str(
                    ", expected a mask of 0 and one positive number (threshold grey values; numbers \
                     that do not count are for `ignore_index`)",
                )
            }
            Error::Unclear { sample, pixel } => write!(
                f,
                "`targets` holds nothing but 0 and 255 for 2 classes, 255 first at pixel {pixel} of \
                 sample {sample}: expected labels 0 and 1 (divide a mask of 0 and 255 by 255), or \
                 `ignore_index` of 255 if those pixels do not count"
            ),
            Error::Ignored { length } => {
                write!(f, "`ignore_index` has {length} labels, expected at most {MOST_IGNORED}")
            }
            Error::Unused { argument, expected } => {
                write!(f, "`{argument}` is given and nothing uses it, expected {expected}")
            }
            Error::Parameter { term, name, value, expected } => {
                write!(f, "`{name}` of `{term}` is {value}, expected {expected}")
            }
            Error::Coefficient { value } => {
                write!(f, "a term's coefficient is {value}, expected a finite number, 0 or larger")
            }
            Error::Link { term, expected } => write!(f, "`{term}` needs {expected}"),
            Error::CallLink { call, loss } => {
                write!(f, "the call's link is {call}, expected {loss}, which the loss was read for")
            }
            Error::Arguments { term, given, expected } => {
                write!(f, "`{term}` was given {given} values, expected at most {expected}")
            }
            Error::Scale { value } => write!(
                f,
                "`scale` is {value}, expected a number that is finite, times a coefficient too"
            ),
            Error::Samples { argument, length, expected } => {
                write!(f, "`{argument}` holds {length} values, expected one a sample: {expected}")
            }
            Error::Pooled { term } => write!(
                f,
                "`{term}` is formed over the whole batch and has no loss of one sample, expected \
                 `pool=sample`"
            ),
            Error::NoLossMap { term } => write!(
                f,
                "`{term}` is a loss of whole regions and has none of one pixel, expected pixel or \
                 class terms alone"
            ),
            Error::ClassWeight { term, name, class, value } => write!(
                f,
                "`{name}` of `{term}` is {value} for class {class}, expected a finite number, 0 or \
                 larger"
            ),
            Error::ClassWeights { term, name, length, classes } => write!(
                f,
                "`{name}` of `{term}` has {length} entries, expected one for each of {classes} classes"
            ),
            Error::NoClasses { term, classes } => write!(
                f,
                "`classes` of `{term}` leaves none of {classes}, expected at least one class"
            ),
            Error::NoClassWeights { term } => {
                write!(f, "`{term}` was given class weights, expected none")
            }
            Error::NoOption { term, option } => {
                write!(f, "`{term}` was given `{option}`, expected options that its kind has")
            }
            Error::NotWeighted { term } => write!(
                f,
                "`{term}` was composed without weights, expected it to be `.weighted(..)` for this call"
            ),
            Error::NoWeights { term } => {
                write!(f, "`{term}` takes weighted sums, expected `weights` in the call")
            }
            Error::MixedRegions { term, weighted } => {
                let (is, others) = if weighted { ("", "are not") } else { ("not ", "are") };
                write!(
                    f,
                    "`{term}` is {is}weighted where the region terms before it {others}, expected \
                     all alike"
                )
            }
            Error::Map { place, maps } => {
                write!(f, "a term refers to map {place} of the call, expected one of {maps}")
            }
            Error::NotComputed { map } => {
                write!(f, "`{map}` is not computed here, expected its weights from the caller")
            }
            Error::Weight { argument, value, sample, channel, pixel, is_signed } => {
                let expected =
                    if is_signed { "a finite number" } else { "a finite number, 0 or larger" };
                write!(
                    f,
                    "`{argument}` holds {value} at pixel {pixel} of sample {sample}, channel \
                     {channel}, expected {expected}"
                )
            }
            Error::Definition { name, reason } => {
                write!(f, "`{name}` cannot be registered: {reason}")
            }
            Error::Memory { argument, length } => {
                write!(f, "no memory for {length} elements of workspace `{argument}`")
            }
            Error::Workspace { argument, length, expected } => {
                write!(f, "workspace `{argument}` holds {length}, expected at least {expected}")
            }
            Error::Classes { argument, classes, expected } => {
                write!(f, "`{argument}` has entries for {classes} classes, expected {expected}")
            }
            Error::Length { argument, length, expected } => {
                write!(f, "`{argument}` has {length} entries, expected {expected}")
            }
            Error::Count { class, count, more } => write!(
                f,
                "class {class} has {count} pixels, and {more} more may overflow, expected at most \
                 2^64 - 1 in all"
            ),
            Error::NothingCounted { classes } => write!(
                f,
                "no pixel of any of the {classes} classes was counted: there are no masks, or \
                 every pixel holds `ignore_index`"
            ),
            Error::OneClass { class } => {
                write!(f, "only class {class} occurs in the masks, expected at least two classes")
            }
            Error::Pixels { argument, pixels, most } => {
                write!(f, "an image of `{argument}` has {pixels} pixels, expected at most {most}")
            }
            Error::TooLong { shape, expected } => {
                write!(f, "`labels` has shape {shape}, expected {expected}")
            }
            Error::Spacing { given, axes } => {
                write!(f, "`spacing` is for {given} axes, expected {axes} as the image has")
            }
        }
    }
}

impl core::error::Error for Error {}
