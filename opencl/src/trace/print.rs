use core::fmt::Write;

use super::constant::literal;
use super::expr::Expr;
use super::format::Format;
use super::graph::{Graph, Nodes, Operand, Operation};

/// Longest text of a result that is written where it is used instead of being given a name.
const INLINE: usize = 40;

/// What the numbers of a function are in OpenCL C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// `lanes`: as many pixels as the device likes to compute at a time.
    Lanes,
    /// `real`: one number of the computing format.
    Real,
    /// `wide`: one number of the format that sums are added up in.
    Wide,
}

impl Numbers {
    /// Their type.
    pub fn name(self) -> &'static str {
        match self {
            Numbers::Lanes => "lanes",
            Numbers::Real => "real",
            Numbers::Wide => "wide",
        }
    }

    /// The type of a comparison of them.
    fn mask(self) -> &'static str {
        if self == Numbers::Lanes { "mask" } else { "int" }
    }

    /// What is before the names of the functions on their bits.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Numbers::Lanes => "",
            Numbers::Real => "real_",
            Numbers::Wide => "wide_",
        }
    }
}

impl<T: Format> Graph<T> {
    /// A function that writes each of `outputs` to its place: `"return"`, or something that can be
    /// assigned to, such as `values[0]`. What none of them needs is left out.
    pub fn function(
        &self,
        numbers: Numbers,
        signature: &str,
        outputs: &[(String, Expr<'_, T>)],
    ) -> String {
        self.with_nodes(|nodes| {
            Printer::new(nodes, numbers, outputs).function::<T>(signature, outputs)
        })
    }
}

struct Printer<'n> {
    nodes: &'n Nodes,
    numbers: Numbers,
    /// How often each node's result is used.
    uses: Vec<usize>,
    /// Which of them are outputs.
    outputs: Vec<usize>,
    /// How each node's result is written where it is used.
    texts: Vec<String>,
}

impl<'n> Printer<'n> {
    fn new<T: Format>(
        nodes: &'n Nodes,
        numbers: Numbers,
        outputs: &[(String, Expr<'_, T>)],
    ) -> Self {
        let outputs = outputs.iter().filter_map(|(_, output)| match output {
            Expr::Constant(_) => None,
            Expr::Node(_, node) => Some(*node),
        });
        let outputs: Vec<usize> = outputs.collect();
        let mut uses = vec![0; nodes.operations.len()];
        outputs.iter().for_each(|&output| uses[output] += 1);
        // Operations take only what was recorded before them.
        for (node, operation) in nodes.operations.iter().enumerate().rev() {
            if uses[node] > 0 {
                operation.takes().for_each(|taken| uses[taken] += 1);
            }
        }
        let texts = vec![String::new(); nodes.operations.len()];
        Printer { nodes, numbers, uses, outputs, texts }
    }

    fn function<T: Format>(mut self, signature: &str, outputs: &[(String, Expr<'_, T>)]) -> String {
        let (mut reads, mut body) = (String::new(), String::new());
        let mut notes = self.nodes.notes.iter().peekable();
        let mut note = None;
        let mut temporaries = 0;
        for (node, operation) in self.nodes.operations.iter().enumerate() {
            while let Some((_, text)) = notes.next_if(|(first, _)| *first <= node) {
                note = Some(text);
            }
            if self.uses[node] == 0 {
                continue;
            }
            let text = self.text::<T>(operation);
            let name = self.nodes.names.get(&node);
            let is_short = text.len() <= INLINE || self.outputs.contains(&node);
            self.texts[node] = match (operation, name) {
                // Before anything is written to where it is read from.
                (Operation::Input(_), Some(name)) if *name != text => {
                    let _ = writeln!(reads, "    const {} {name} = {text};", self.numbers.name());
                    name.clone()
                }
                (Operation::Input(_), _) => text,
                (_, None) if self.uses[node] == 1 && is_short => text,
                (_, name) => {
                    if let Some(note) = note.take() {
                        let _ = writeln!(body, "    /* {note} */");
                    }
                    let name = name.cloned().unwrap_or_else(|| {
                        temporaries += 1;
                        format!("t{temporaries}")
                    });
                    let numbers = self.numbers;
                    let kind = if operation.is_mask() { numbers.mask() } else { numbers.name() };
                    let _ = writeln!(body, "    const {kind} {name} = {text};");
                    name
                }
            };
        }
        for (place, output) in outputs {
            let assign = if place == "return" { "" } else { " =" };
            let text = match *output {
                Expr::Constant(x) => literal(x),
                Expr::Node(_, node) => self.texts[node].clone(),
            };
            let _ = writeln!(body, "    {place}{assign} {text};");
        }
        format!("{signature} {{\n{reads}{body}}}\n")
    }

    fn operand<T: Format>(&self, operand: Operand) -> String {
        match operand {
            Operand::Node(node) => self.grouped(node),
            Operand::Constant(bits) => {
                let text = literal(T::from_bits(bits));
                if text.starts_with('-') { format!("({text})") } else { text }
            }
        }
    }

    /// A result as an operand: in parentheses, unless it is a name or a call.
    fn grouped(&self, node: usize) -> String {
        let text = &self.texts[node];
        let is_operation = text.starts_with('-') || text.contains(' ');
        let is_call = matches!(
            self.nodes.operations[node],
            Operation::Sqrt(_)
                | Operation::Abs(_)
                | Operation::Pow2OfLowBits(_)
                | Operation::SplitMantissa(_)
                | Operation::SplitExponent(_)
        );
        if is_operation && !is_call { format!("({text})") } else { text.clone() }
    }

    /// An operand that something else already keeps apart.
    fn bare<T: Format>(&self, operand: Operand) -> String {
        match operand {
            Operand::Node(node) => self.texts[node].clone(),
            Operand::Constant(bits) => literal(T::from_bits(bits)),
        }
    }

    fn text<T: Format>(&self, operation: &Operation) -> String {
        use Operation::{
            Abs, Add, Div, Equal, FlipBy, Input, Less, Mul, Neg, Pow2OfLowBits, Select,
            SplitExponent, SplitMantissa, Sqrt, Sub,
        };
        let prefix = self.numbers.prefix();
        let text = |operand: &Operand| self.operand::<T>(*operand);
        // Vectors choose between vectors.
        let choice = |operand: &Operand| match operand {
            Operand::Constant(_) => {
                format!("({})({})", self.numbers.name(), self.bare::<T>(*operand))
            }
            Operand::Node(_) => text(operand),
        };
        let bare = |operand: &Operand| self.bare::<T>(*operand);
        let infix = |a, sign, b| format!("{} {sign} {}", text(a), text(b));
        match operation {
            Input(expression) => expression.clone(),
            Neg(a) => format!("-{}", text(a)),
            Add(a, b) => infix(a, "+", b),
            Sub(a, b) => infix(a, "-", b),
            Mul(a, b) => infix(a, "*", b),
            Div(a, b) => infix(a, "/", b),
            Less(a, b) => infix(a, "<", b),
            Equal(a, b) => infix(a, "==", b),
            Sqrt(a) => format!("sqrt({})", bare(a)),
            Abs(a) => format!("fabs({})", bare(a)),
            FlipBy(a, sign) => {
                let one = format!("({})(1)", self.numbers.name());
                format!("copysign({one}, {}) * {}", bare(sign), text(a))
            }
            Pow2OfLowBits(a) => format!("{prefix}pow2_of_low_bits({})", bare(a)),
            SplitMantissa(a) => format!("{prefix}split_mantissa({})", bare(a)),
            SplitExponent(a) => format!("{prefix}split_exponent({})", bare(a)),
            Select(mask, yes, no) => {
                format!("{} ? {} : {}", self.grouped(*mask), choice(yes), choice(no))
            }
        }
    }
}
