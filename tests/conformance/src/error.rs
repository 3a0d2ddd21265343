use std::error::Error as StdError;
use std::fmt;

/// Why nothing can be checked: a file that cannot be read, an address that is none, an adapter that
/// does not start.
///
/// What a client or a server does wrong is no error, but a [`Finding`](crate::Finding) of the
/// [`Report`](crate::Report). `{:#}` shows the causes, too.
///
/// ```
/// let error = amlkeys_conformance::Fixture::parse("{").unwrap_err();
/// assert_eq!(error.to_string(), "the fixture cannot be read");
/// assert!(format!("{error:#}").contains("line 1"));
/// ```
pub struct Error(pub(crate) anyhow::Error);

/// What can be done, or why not.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}
