//! JSON as one row of nodes. A value costs no allocation of its own, and nothing
//! that is done to the whole row recurses.

/// A value, or the name before one; `T` says where its characters are.
///
/// No enum with fields: those are put together and taken apart in memory each time
/// that one moves, which takes longer than all else that is done with a node.
#[derive(Clone, Copy)]
pub(crate) struct Node<T> {
    pub(crate) kind: Kind,
    /// The bits of a number or boolean; of an array or object, how many of the
    /// next nodes are inside; of what is owned, its place.
    pub(crate) number: u64,
    pub(crate) text: T,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Unsigned,
    Signed,
    Float,
    Text,
    /// The next node begins the value of the property of this name.
    Name,
    /// A text that is kept elsewhere.
    OwnedText,
    /// A name that is kept elsewhere.
    OwnedName,
    Array,
    Object,
}

impl<T> Node<T> {
    /// How many of the next nodes are inside this one.
    pub(crate) fn inside(&self) -> usize {
        match self.kind {
            Kind::Array | Kind::Object => self.number as usize,
            _ => 0,
        }
    }
}

/// The values in what is inside an array, each with what is inside it.
pub(crate) fn elements<T>(inside: &[Node<T>]) -> impl Iterator<Item = &[Node<T>]> {
    let mut rest = inside;
    std::iter::from_fn(move || {
        let value;
        (value, rest) = rest.split_at(1 + rest.first()?.inside());
        Some(value)
    })
}

/// The names and values in what is inside an object, each value with what is
/// inside it.
pub(crate) fn properties<T>(inside: &[Node<T>]) -> impl Iterator<Item = (&Node<T>, &[Node<T>])> {
    let mut rest = inside;
    std::iter::from_fn(move || {
        let (name, values) = rest.split_first()?;
        let value;
        (value, rest) = values.split_at(1 + values.first()?.inside());
        Some((name, value))
    })
}
