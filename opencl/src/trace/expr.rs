use core::ops::{Add, Div, Mul, Neg, Sub};

use segloss_core::lanes::Lanes;

use super::format::Format;
use super::graph::{Graph, Operand, Operation};

/// A number that is known while tracing, or the result of a recorded operation.
///
/// Operations on constants alone are done at once, in the format's own arithmetic, and leave no
/// trace, nor does a choice between equal numbers. Nothing else is simplified: `0 * x` is not 0 where `x`
/// is NaN.
#[derive(Clone, Copy, Debug)]
pub enum Expr<'g, T> {
    /// A number.
    Constant(T),
    /// The result of a node.
    Node(&'g Graph<T>, usize),
}

/// The result of a comparison.
#[derive(Clone, Copy, Debug)]
pub enum Mask<'g, T> {
    /// Of two constants.
    Constant(bool),
    /// Of a node.
    Node(&'g Graph<T>, usize),
}

impl<T: Format> Graph<T> {
    /// A parameter of the function.
    pub fn input(&self, name: &str) -> Expr<'_, T> {
        self.read(name, name)
    }

    /// The value of `expression`, something like `factors[0]`, read before anything is written and
    /// called `name` from there on.
    pub fn read(&self, name: &str, expression: &str) -> Expr<'_, T> {
        let node = self.record(Operation::Input(expression.into()));
        self.name(node, name);
        Expr::Node(self, node)
    }
}

impl<'g, T: Format> Expr<'g, T> {
    /// Names it `name` in the text, if it is not called something else already.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        if let Expr::Node(graph, node) = self {
            graph.name(node, name);
        }
        self
    }

    pub(super) fn operand(self) -> Operand {
        match self {
            Expr::Constant(x) => Operand::Constant(x.bits()),
            Expr::Node(_, node) => Operand::Node(node),
        }
    }

    fn unary(
        self,
        constant: impl FnOnce(T) -> T,
        operation: impl FnOnce(Operand) -> Operation,
    ) -> Self {
        match self {
            Expr::Constant(x) => Expr::Constant(constant(x)),
            Expr::Node(graph, _) => Expr::Node(graph, graph.record(operation(self.operand()))),
        }
    }

    fn binary(
        self,
        other: Self,
        constant: impl FnOnce(T, T) -> T,
        operation: impl FnOnce(Operand, Operand) -> Operation,
    ) -> Self {
        match (self, other) {
            (Expr::Constant(x), Expr::Constant(y)) => Expr::Constant(constant(x, y)),
            (Expr::Node(graph, _), _) | (_, Expr::Node(graph, _)) => {
                Expr::Node(graph, graph.record(operation(self.operand(), other.operand())))
            }
        }
    }

    fn compare(
        self,
        other: Self,
        constant: impl FnOnce(T, T) -> bool,
        operation: impl FnOnce(Operand, Operand) -> Operation,
    ) -> Mask<'g, T> {
        match (self, other) {
            (Expr::Constant(x), Expr::Constant(y)) => Mask::Constant(constant(x, y)),
            (Expr::Node(graph, _), _) | (_, Expr::Node(graph, _)) => {
                Mask::Node(graph, graph.record(operation(self.operand(), other.operand())))
            }
        }
    }
}

macro_rules! operator {
    ($($operator:ident::$method:ident),*) => {$(
        impl<T: Format> $operator for Expr<'_, T> {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                self.binary(other, $operator::$method, Operation::$operator)
            }
        }
    )*};
}
operator!(Add::add, Sub::sub, Mul::mul, Div::div);

impl<T: Format> Neg for Expr<'_, T> {
    type Output = Self;

    fn neg(self) -> Self {
        self.unary(Neg::neg, Operation::Neg)
    }
}

impl<'g, T: Format> Lanes for Expr<'g, T> {
    type Mask = Mask<'g, T>;
    const DOUBLE: bool = T::DOUBLE;

    fn splat(x: f64) -> Self {
        Expr::Constant(T::splat(x))
    }

    fn lt(self, other: Self) -> Mask<'g, T> {
        self.compare(other, Lanes::lt, Operation::Less)
    }

    fn eq(self, other: Self) -> Mask<'g, T> {
        self.compare(other, Lanes::eq, Operation::Equal)
    }

    fn select(mask: Mask<'g, T>, yes: Self, no: Self) -> Self {
        match mask {
            Mask::Constant(true) => yes,
            Mask::Constant(false) => no,
            Mask::Node(..) if yes.operand() == no.operand() => yes,
            Mask::Node(graph, mask) => {
                let operation = Operation::Select(mask, yes.operand(), no.operand());
                Expr::Node(graph, graph.record(operation))
            }
        }
    }

    fn sqrt(self) -> Self {
        self.unary(Lanes::sqrt, Operation::Sqrt)
    }

    fn abs(self) -> Self {
        self.unary(Lanes::abs, Operation::Abs)
    }

    fn flip_by(self, sign: Self) -> Self {
        self.binary(sign, Lanes::flip_by, Operation::FlipBy)
    }

    fn pow2_of_low_bits(self) -> Self {
        self.unary(Lanes::pow2_of_low_bits, Operation::Pow2OfLowBits)
    }

    fn split_pow2(self) -> (Self, Self) {
        let mantissa = self.unary(|x| x.split_pow2().0, Operation::SplitMantissa);
        let exponent = self.unary(|x| x.split_pow2().1, Operation::SplitExponent);
        (mantissa, exponent)
    }
}
