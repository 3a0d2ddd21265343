use std::ops::{Bound, RangeBounds};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Fault;
use crate::front_door::ResourcePath;
use crate::state::reader::{COMPUTE_LIST_KEYS, WORKSPACES_LIST_KEYS};

/// A [`Fault`], and the requests that meet it: all of them, unless it says more.
///
/// ```
/// use amlkeys_emulator::{Arm, Fault, FaultRule, Reset};
///
/// let arm = Arm::documented();
/// arm.add_fault(
///     FaultRule::new(Fault::reset(Reset::InBody))
///         .with_operation("Compute_ListKeys")
///         .with_resource("aks*")
///         .with_hits(2..),
/// );
/// ```
#[derive(Clone, Debug)]
pub struct FaultRule {
    fault: Fault,
    operation: Option<String>,
    resource: Option<String>,
    first: u64,
    last: u64,
    every: u64,
    probability: f64,
    seed: u64,
}

impl FaultRule {
    /// Every request meets this fault.
    pub fn new(fault: Fault) -> Self {
        Self {
            fault,
            operation: None,
            resource: None,
            first: 1,
            last: u64::MAX,
            every: 1,
            probability: 1.0,
            seed: 0,
        }
    }

    /// Only requests of this operation: `Compute_ListKeys` or `Workspaces_ListKeys`.
    pub fn with_operation(mut self, operation_id: &str) -> Self {
        self.operation = Some(operation_id.to_owned());
        self
    }

    /// Only requests for the keys of a compute or workspace of this name, in any case; a `*` in it
    /// stands for anything.
    pub fn with_resource(mut self, name: &str) -> Self {
        self.resource = Some(name.to_lowercase());
        self
    }

    /// Only these of the requests, the first of which is 1. What is counted is what operation and
    /// resource let through.
    pub fn with_hits(mut self, hits: impl RangeBounds<u64>) -> Self {
        self.first = match hits.start_bound() {
            Bound::Included(first) => *first,
            Bound::Excluded(before) => before.saturating_add(1),
            Bound::Unbounded => 1,
        };
        self.last = match hits.end_bound() {
            Bound::Included(last) => *last,
            Bound::Excluded(after) => after.saturating_sub(1),
            Bound::Unbounded => u64::MAX,
        };
        self
    }

    /// Only every `n`th of the requests; 0 is as good as 1.
    pub fn with_every(mut self, n: u64) -> Self {
        self.every = n.max(1);
        self
    }

    /// Only some of the requests, from 0.0 (none) to 1.0 (all). The same seed chooses the same
    /// ones in every run.
    pub fn with_probability(mut self, probability: f64, seed: u64) -> Self {
        self.probability = probability;
        self.seed = seed;
        self
    }

    fn concerns(&self, target: &Target) -> bool {
        let operation = |wanted: &String| target.operation == Some(wanted.as_str());
        let resource = |pattern: &String| {
            let name = target.resource.as_deref();
            name.is_some_and(|name| matches(pattern.as_bytes(), name.as_bytes()))
        };
        self.operation.as_ref().is_none_or(operation) && self.resource.as_ref().is_none_or(resource)
    }

    fn chooses(&self, hit: u64) -> bool {
        (self.first..=self.last).contains(&hit)
            && hit.is_multiple_of(self.every)
            && chance(self.seed, hit) < self.probability
    }
}

/// A rule with the number of requests that it concerned.
pub(super) struct Counted {
    rule: FaultRule,
    hits: AtomicU64,
}

impl Counted {
    pub(super) fn new(rule: FaultRule) -> Self {
        let hits = AtomicU64::new(0);
        Self { rule, hits }
    }

    pub(super) fn hit(&self, target: &Target) -> Option<&Fault> {
        if !self.rule.concerns(target) {
            return None;
        }
        let hit = self.hits.fetch_add(1, Ordering::Relaxed) + 1;
        self.rule.chooses(hit).then_some(&self.rule.fault)
    }
}

/// What a request is about.
pub(super) struct Target {
    operation: Option<&'static str>,
    /// In lower case.
    resource: Option<String>,
}

impl Target {
    pub(super) fn of(path: &str) -> Self {
        let path = ResourcePath::decode(path).ok();
        let keys_of = path.as_ref().and_then(ResourcePath::keys_of);
        Self {
            operation: keys_of.as_ref().map(|keys_of| match keys_of.compute {
                None => WORKSPACES_LIST_KEYS,
                Some(_) => COMPUTE_LIST_KEYS,
            }),
            resource: keys_of.map(|it| it.compute.unwrap_or(it.workspace).to_lowercase()),
        }
    }
}

/// Whether `*` in the pattern can stand for what the name has in its place.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    // The last `*` and how much of the name it stands for so far: earlier ones need no second try.
    let mut star: Option<(usize, usize)> = None;
    let (mut at, mut of_name) = (0, 0);
    while of_name < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, of_name));
                at += 1;
            }
            Some(byte) if *byte == name[of_name] => {
                at += 1;
                of_name += 1;
            }
            _ => match &mut star {
                None => return false,
                Some((place, until)) => {
                    *until += 1;
                    at = *place + 1;
                    of_name = *until;
                }
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// A number from 0 to 1 that looks random (SplitMix64), without a state to lock.
fn chance(seed: u64, hit: u64) -> f64 {
    let mut bits = seed.wrapping_add(hit.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    // 53 bits are what a float holds.
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_stands_for_anything() {
        for (pattern, name) in [
            ("aks", "aks"),
            ("*", ""),
            ("*", "aks"),
            ("aks*", "aks"),
            ("a*s", "akks"),
            ("*a*b*", "xaxbx"),
            ("*ab", "aab"),
            ("a**", "a"),
        ] {
            assert!(
                matches(pattern.as_bytes(), name.as_bytes()),
                "{pattern} {name}"
            );
        }
        for (pattern, name) in [
            ("", "aks"),
            ("aks", "aks2"),
            ("aks", "ak"),
            ("aks*", "xaks"),
            ("a*b", "abc"),
            ("*ab", "aba"),
        ] {
            assert!(
                !matches(pattern.as_bytes(), name.as_bytes()),
                "{pattern} {name}"
            );
        }
    }

    #[test]
    fn probability_is_about_as_often_and_the_same_in_every_run() {
        let chosen = |seed| {
            let rule = FaultRule::new(Fault::hang()).with_probability(0.25, seed);
            Vec::from_iter((1..=10_000).filter(|hit| rule.chooses(*hit)))
        };
        let one = chosen(7);
        assert!((2300..2700).contains(&one.len()), "{}", one.len());
        assert_eq!(one, chosen(7));
        assert_ne!(one, chosen(8));
    }

    #[test]
    fn hits_are_a_range_and_every_nth() {
        let chosen = |rule: FaultRule| Vec::from_iter((1..=7).filter(|hit| rule.chooses(*hit)));
        let rule = || FaultRule::new(Fault::hang());
        assert_eq!(chosen(rule()), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(chosen(rule().with_hits(2..=3)), [2, 3]);
        assert_eq!(chosen(rule().with_hits(6..)), [6, 7]);
        assert_eq!(chosen(rule().with_hits(..2)), [1]);
        assert_eq!(chosen(rule().with_every(3)), [3, 6]);
        assert_eq!(chosen(rule().with_every(3).with_hits(4..)), [6]);
    }
}
