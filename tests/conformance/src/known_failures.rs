use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::report::{CaseReport, Verdict};

/// The cases that are known to fail, each with the reason.
///
/// ```
/// let known = r#"[{ "case": "server/path/", "reason": "the proxy lowers no paths" }]"#;
/// amlkeys_conformance::KnownFailures::parse(known)?;
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct KnownFailures(Vec<KnownFailure>);

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownFailure {
    /// A case's id, with or without what it is repeated for; or the beginning of several, which ends
    /// in a slash.
    case: String,
    reason: String,
}

impl KnownFailures {
    /// Reads the file: a list of `{"case", "reason"}`. A case is named by its id, or by the
    /// beginning of several, which ends in a slash.
    ///
    /// # Errors
    ///
    /// If it is not JSON of this form, or a reason is missing.
    pub fn parse(text: &str) -> Result<Self> {
        let known: Vec<KnownFailure> =
            serde_json::from_str(text).context("the known failures cannot be read")?;
        for failure in &known {
            let has_reason = !failure.reason.trim().is_empty();
            ensure!(
                has_reason,
                "`{}` is known to fail for no reason",
                failure.case
            );
        }
        Ok(Self(known))
    }

    /// What came of a case, in the light of what is known.
    pub(crate) fn applied(&self, mut case: CaseReport) -> CaseReport {
        let known = self.0.iter().find(|it| it.covers(&case.id));
        let Some(known) = known else {
            return case;
        };
        case.verdict = match case.verdict {
            Verdict::Failed => Verdict::KnownFailure,
            Verdict::Passed | Verdict::Warned => Verdict::UnexpectedPass,
            other => other,
        };
        case.reason.get_or_insert_with(|| known.reason.clone());
        case
    }
}

impl KnownFailure {
    fn covers(&self, id: &str) -> bool {
        match self.case.ends_with('/') {
            true => id.starts_with(&self.case),
            false => id == self.case || id.split('[').next() == Some(&self.case),
        }
    }
}
