use std::collections::VecDeque;

/// The lines that were taken and not printed yet, in their order, with the answers that wait for
/// an earlier line.
pub(super) struct Pending<A>(VecDeque<(u64, Option<A>)>);

impl<A> Pending<A> {
    pub(super) fn new() -> Self {
        Self(VecDeque::new())
    }

    /// A line behind all that were taken before.
    pub(super) fn take(&mut self, line: u64) {
        self.0.push_back((line, None));
    }

    pub(super) fn hold(&mut self, line: u64, answer: A) {
        if let Ok(at) = self.find(line) {
            self.0[at].1 = Some(answer);
        }
    }

    /// The answer of the first line, if it is there. The line stays.
    pub(super) fn next_answer(&mut self) -> Option<A> {
        self.0.front_mut()?.1.take()
    }

    pub(super) fn done(&mut self, line: u64) {
        if let Ok(at) = self.find(line) {
            self.0.remove(at);
        }
    }

    pub(super) fn first(&self) -> Option<u64> {
        Some(self.0.front()?.0)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn find(&self, line: u64) -> Result<usize, usize> {
        self.0.binary_search_by_key(&line, |(line, _)| *line)
    }
}
