use core::cell::RefCell;
use std::collections::HashMap;

use super::format::Format;

/// What an operation takes: a constant's bits or the number of the node that computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operand {
    Constant(u64),
    Node(usize),
}

/// An operation. `Less`, `Equal` give masks; the first operand of `Select` is one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    /// Something that the function around the graph provides, as it is written there.
    Input(String),
    Neg(Operand),
    Add(Operand, Operand),
    Sub(Operand, Operand),
    Mul(Operand, Operand),
    Div(Operand, Operand),
    Sqrt(Operand),
    Abs(Operand),
    FlipBy(Operand, Operand),
    Pow2OfLowBits(Operand),
    SplitMantissa(Operand),
    SplitExponent(Operand),
    Less(Operand, Operand),
    Equal(Operand, Operand),
    Select(usize, Operand, Operand),
}

impl Operation {
    /// The nodes it takes.
    pub(super) fn takes(&self) -> impl Iterator<Item = usize> {
        use Operation::{
            Abs, Add, Div, Equal, FlipBy, Input, Less, Mul, Neg, Pow2OfLowBits, Select,
            SplitExponent, SplitMantissa, Sqrt, Sub,
        };
        let (mask, operands) = match *self {
            Input(_) => (None, [None, None]),
            Neg(a) | Sqrt(a) | Abs(a) | Pow2OfLowBits(a) | SplitMantissa(a) | SplitExponent(a) => {
                (None, [Some(a), None])
            }
            Add(a, b) | Sub(a, b) | Mul(a, b) | Div(a, b) | FlipBy(a, b) => {
                (None, [Some(a), Some(b)])
            }
            Less(a, b) | Equal(a, b) => (None, [Some(a), Some(b)]),
            Select(mask, a, b) => (Some(mask), [Some(a), Some(b)]),
        };
        let nodes = operands.into_iter().flatten().filter_map(|operand| match operand {
            Operand::Constant(_) => None,
            Operand::Node(node) => Some(node),
        });
        mask.into_iter().chain(nodes)
    }

    pub(super) fn is_mask(&self) -> bool {
        matches!(self, Operation::Less(..) | Operation::Equal(..))
    }
}

#[derive(Debug, Default)]
pub(super) struct Nodes {
    pub(super) operations: Vec<Operation>,
    known: HashMap<Operation, usize>,
    /// Names for the reader's sake, by node.
    pub(super) names: HashMap<usize, String>,
    /// Comments, each from a node on.
    pub(super) notes: Vec<(usize, String)>,
}

/// The operations of one function. Equal operations on equal operands are one node.
#[derive(Debug, Default)]
pub struct Graph<T> {
    nodes: RefCell<Nodes>,
    format: core::marker::PhantomData<T>,
}

impl<T: Format> Graph<T> {
    /// Without any operation.
    pub fn new() -> Self {
        Graph { nodes: RefCell::default(), format: core::marker::PhantomData }
    }

    /// Puts a comment before what is computed from node `first` on.
    pub fn note(&self, first: usize, text: &str) {
        self.nodes.borrow_mut().notes.push((first, text.into()));
    }

    /// How many distinct operations have been recorded, inputs included.
    pub fn len(&self) -> usize {
        self.nodes.borrow().operations.len()
    }

    /// Whether nothing has been recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The node of an operation: the one that does it already, or a new one.
    pub(super) fn record(&self, operation: Operation) -> usize {
        let mut nodes = self.nodes.borrow_mut();
        if let Some(&known) = nodes.known.get(&operation) {
            return known;
        }
        let node = nodes.operations.len();
        nodes.operations.push(operation.clone());
        nodes.known.insert(operation, node);
        node
    }

    /// Names a node, unless it has a name or another node has this one.
    pub(super) fn name(&self, node: usize, name: &str) {
        let names = &mut self.nodes.borrow_mut().names;
        if !names.values().any(|taken| taken == name) {
            names.entry(node).or_insert_with(|| name.into());
        }
    }

    pub(super) fn with_nodes<R>(&self, read: impl FnOnce(&Nodes) -> R) -> R {
        read(&self.nodes.borrow())
    }
}
