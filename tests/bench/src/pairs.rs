//! Two that are measured in turns, so that what else the machine does hits both.

use std::fmt::{self, Display};

/// What each of two took, round for round: ours and its peer's.
pub(crate) struct Pairs<T>(Vec<[T; 2]>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Pairs<T> {
    pub(crate) fn add(&mut self, ours: T, peers: T) {
        self.0.push([ours, peers]);
    }

    /// What the pairs gave, each by itself.
    pub(crate) fn ratio(&self, ratio: impl Fn(&T, &T) -> f64) -> Ratio {
        let ratios = self.0.iter().map(|[ours, peers]| ratio(ours, peers));
        let ratios = sorted(ratios);
        let at = |part: usize| ratios[(ratios.len() - 1) * part / 4];
        Ratio {
            lower: at(1),
            median: at(2),
            upper: at(3),
        }
    }

    /// Ours and the peer's.
    pub(crate) fn medians(&self, of: impl Fn(&T) -> f64) -> [f64; 2] {
        [0, 1].map(|side| {
            let found = sorted(self.0.iter().map(|pair| of(&pair[side])));
            found[found.len() / 2]
        })
    }
}

fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// The median of the pairs, and their quartiles.
pub(crate) struct Ratio {
    lower: f64,
    pub(crate) median: f64,
    upper: f64,
}

impl Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            lower,
            median,
            upper,
        } = self;
        write!(f, "{median:.2} [{lower:.2}, {upper:.2}]")
    }
}
