use amlkeys_secret::SecretValue;
use progenitor_client::{Error, ResponseValue};
use serde::de::{DeserializeOwned, Error as _};

/// Reads a JSON body.
///
/// That it is UTF-8 is checked once, where [`serde_json::from_slice`] checks each
/// string by itself, and those that nobody reads not at all.
///
/// # Errors
///
/// If it is no JSON, or not what `T` wants.
///
/// ```
/// let keys: Vec<u32> = amlkeys_client::from_json(b"[1,2]")?;
/// assert_eq!(keys, [1, 2]);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn from_json<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    match std::str::from_utf8(body) {
        Ok(text) => serde_json::from_str(text),
        Err(error) => {
            // Reads each string, so it finds the place.
            let found = serde_json::from_slice::<SecretValue>(body).err();
            Err(found.unwrap_or_else(|| serde_json::Error::custom(error)))
        }
    }
}

/// The value of an answer of a generated client.
pub(crate) async fn decoded<T: DeserializeOwned, E>(
    mut response: reqwest::Response,
) -> Result<ResponseValue<T>, Error<E>> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let body = response.bytes().await.map_err(Error::ResponseBodyError)?;
    match from_json(&body) {
        Ok(value) => Ok(ResponseValue::new(value, status, headers)),
        Err(error) => Err(Error::InvalidResponsePayload(body, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Known {
        key: String,
    }

    #[test]
    fn a_body_is_read_as_serde_json_reads_bytes() {
        for body in [
            &b"{\"key\":\"\xc3\xa9\"}"[..],
            b"{\"key\":\"\\u00e9\"}",
            b"{\"key\":\"\xff\"}",
            b"{\n\"key\":\"\xc3\"}",
            b"{\"key\":1}",
            b"{\"key\":\"\"} \xff",
            b"",
            b"\xef\xbb\xbf{}",
        ] {
            let ours = from_json::<Known>(body).map_err(|error| error.to_string());
            let theirs = serde_json::from_slice(body).map_err(|error| error.to_string());
            assert_eq!(ours, theirs, "{body:?}");
        }
    }

    #[test]
    fn what_is_not_utf_8_is_refused_wherever_it_stands() {
        for body in [
            &b"{\"key\":\"\",\n\"other\":\"\xff\"}"[..],
            b"{\"key\":\"\",\n\"\xff\":1}",
        ] {
            let error = from_json::<Known>(body).unwrap_err();
            assert_eq!(error.line(), 2, "{error}");
        }
    }
}
