use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result, shortened};

/// An api-version of Azure Machine Learning that a call can be made with.
///
/// Each one compiled in has a cargo feature of its name. An operation defaults
/// to the version that its document gives: `Compute_ListKeys` to
/// [`V2025_09_01`](Self::V2025_09_01), `Workspaces_ListKeys` to
/// [`V2023_10_01`](Self::V2023_10_01).
///
/// ```
/// use amlkeys::ApiVersion;
///
/// let version: ApiVersion = "2025-09-01".parse()?;
/// assert_eq!(version, ApiVersion::V2025_09_01);
/// assert!("2019-05-01".parse::<ApiVersion>().unwrap_err().is_invalid_input());
/// # Ok::<(), amlkeys::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ApiVersion {
    wire: Cow<'static, str>,
    shape: Shape,
}

macro_rules! table {
    ($($feature:tt $name:ident $module:ident $version:tt,)*) => {
        /// The generated module that sends the request and reads the answer.
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Shape {
            $(#[cfg(feature = $feature)]
            $name,)*
        }

        impl ApiVersion {
            $(
                #[cfg(feature = $feature)]
                #[doc = concat!("The api-version ", $version, ", compiled in by feature `", $feature, "`.")]
                pub const $name: Self = Self::listed($version, Shape::$name);
            )*

            /// Every api-version compiled in, oldest first.
            pub const ALL: &[Self] = &[$(
                #[cfg(feature = $feature)]
                Self::$name,
            )*];
        }

        #[cfg(not(any($(feature = $feature),*)))]
        compile_error!("amlkeys needs an api-version: enable a feature such as `v2025_09_01`");
    };
}

amlkeys_client::api_versions!(table);

impl ApiVersion {
    /// An api-version that is not compiled in, to be sent as it is and read
    /// with the shape of one that is.
    ///
    /// The service may answer with a shape that no one has checked; what the
    /// shape does not know is not read.
    ///
    /// ```
    /// use amlkeys::ApiVersion;
    ///
    /// let version = ApiVersion::unlisted("2025-12-01", ApiVersion::V2025_09_01)?;
    /// assert_eq!(version.to_string(), "2025-12-01");
    /// # Ok::<(), amlkeys::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`is_invalid_input`](Error::is_invalid_input) unless it has the form
    /// `yyyy-mm-dd` or `yyyy-mm-dd-suffix`.
    pub fn unlisted(version: impl Into<String>, shape: Self) -> Result<Self> {
        let version = version.into();
        if !is_api_version(&version) {
            return Err(Error::invalid_input(
                format!("`{}` is not an api-version", shortened(&version)),
                "expected yyyy-mm-dd or yyyy-mm-dd-preview",
            ));
        }
        Ok(Self {
            wire: version.into(),
            shape: shape.shape,
        })
    }

    /// The api-version as the query parameter has it.
    pub fn as_str(&self) -> &str {
        &self.wire
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    /// The version that the document of `Compute_ListKeys` gives, or else the
    /// newest compiled in.
    pub(crate) fn of_compute_list_keys() -> Self {
        Self::named_or_newest("2025-09-01")
    }

    /// The version that the document of `Workspaces_ListKeys` gives, or else
    /// the newest compiled in.
    pub(crate) fn of_workspaces_list_keys() -> Self {
        Self::named_or_newest("2023-10-01")
    }

    const fn listed(wire: &'static str, shape: Shape) -> Self {
        Self {
            wire: Cow::Borrowed(wire),
            shape,
        }
    }

    fn named_or_newest(wire: &str) -> Self {
        let named = Self::ALL.iter().find(|version| version.wire == wire);
        let newest = Self::ALL.last();
        named
            .or(newest)
            .expect("at least one api-version is compiled in")
            .clone()
    }
}

impl FromStr for ApiVersion {
    type Err = Error;

    /// Reads one of [`ApiVersion::ALL`].
    fn from_str(text: &str) -> Result<Self> {
        let known = Self::ALL.iter().find(|version| version.wire == text);
        known.cloned().ok_or_else(|| {
            let all: Vec<&str> = Self::ALL.iter().map(Self::as_str).collect();
            Error::invalid_input(
                format!("api-version `{}` is not compiled in", shortened(text)),
                format!("those that are: {}", all.join(", ")),
            )
        })
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.wire)
    }
}

impl fmt::Debug for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiVersion({})", self.wire)
    }
}

fn is_api_version(text: &str) -> bool {
    let date = text.as_bytes().iter().take(10).enumerate();
    let is_date = date.fold(true, |ok, (index, byte)| {
        ok && match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        }
    });
    let suffix = text.get(10..);
    is_date
        && suffix.is_some_and(|suffix| {
            suffix.is_empty()
                || suffix.len() > 1
                    && suffix.starts_with('-')
                    && suffix
                        .bytes()
                        .all(|it| it.is_ascii_alphanumeric() || it == b'-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unlisted_version_must_look_like_one() {
        for good in [
            "2025-12-01",
            "2023-06-01-preview",
            "2024-01-01-privatepreview",
        ] {
            assert_eq!(
                ApiVersion::unlisted(good, ApiVersion::ALL[0].clone())
                    .unwrap()
                    .as_str(),
                good
            );
        }
        for bad in [
            "",
            "2025",
            "2025-12-01-",
            "2025-12-01&x=y",
            "2025/12/01",
            "latest",
            "2025-12-01 ",
        ] {
            assert!(
                ApiVersion::unlisted(bad, ApiVersion::ALL[0].clone()).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn an_unknown_version_is_told_which_there_are() {
        let error = "1999-01-01".parse::<ApiVersion>().unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("2025-09-01"), "{source}");
    }
}
