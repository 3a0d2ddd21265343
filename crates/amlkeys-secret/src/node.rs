//! JSON as one row of nodes. A value costs no allocation of its own, and nothing
//! that is done to the whole row recurses.

/// A value, or the name before one; `S` is where its characters are.
#[derive(Clone)]
pub(crate) enum Node<S> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    String(S),
    /// The next node begins the value of the property of this name.
    Name(S),
    /// So many of the next nodes are inside.
    Array(usize),
    /// So many of the next nodes are inside.
    Object(usize),
}

impl<S> Node<S> {
    /// How many of the next nodes are inside this one.
    pub(crate) fn inside(&self) -> usize {
        match self {
            Self::Array(nodes) | Self::Object(nodes) => *nodes,
            _ => 0,
        }
    }

    pub(crate) fn map<T>(self, text: impl FnOnce(S) -> T) -> Node<T> {
        match self {
            Self::Null => Node::Null,
            Self::Bool(value) => Node::Bool(value),
            Self::Unsigned(value) => Node::Unsigned(value),
            Self::Signed(value) => Node::Signed(value),
            Self::Float(value) => Node::Float(value),
            Self::String(value) => Node::String(text(value)),
            Self::Name(name) => Node::Name(text(name)),
            Self::Array(nodes) => Node::Array(nodes),
            Self::Object(nodes) => Node::Object(nodes),
        }
    }
}

/// The values in what is inside an array, each with what is inside it.
pub(crate) fn elements<S>(inside: &[Node<S>]) -> impl Iterator<Item = &[Node<S>]> {
    let mut rest = inside;
    std::iter::from_fn(move || {
        let value;
        (value, rest) = rest.split_at(1 + rest.first()?.inside());
        Some(value)
    })
}

/// The names and values in what is inside an object, each value with what is
/// inside it.
pub(crate) fn properties<S>(inside: &[Node<S>]) -> impl Iterator<Item = (&S, &[Node<S>])> {
    let mut rest = inside;
    std::iter::from_fn(move || {
        let (Node::Name(name), values) = rest.split_first()? else {
            unreachable!("a name stands before each value of an object");
        };
        let value;
        (value, rest) = values.split_at(1 + values.first()?.inside());
        Some((name, value))
    })
}
