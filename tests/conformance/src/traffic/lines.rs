use std::borrow::Cow;
use std::io::BufRead;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::exchange::{Exchange, HeaderList, Request, Response};
use crate::json::Text;

use super::Judging;

/// One JSON object to a line, or one in all.
pub(super) fn read(mut recording: impl BufRead, judging: &mut Judging<'_>) -> std::io::Result<()> {
    let mut line = Vec::new();
    while recording.read_until(b'\n', &mut line)? > 0 {
        if line.trim_ascii().is_empty() {
            line.clear();
            continue;
        }
        if let Err(error) = judge(&line, judging) {
            let is_first = judging.seen == 0;
            if error.is_eof() && is_first {
                recording.read_to_end(&mut line)?;
                if let Err(error) = judge(&line, judging) {
                    judging.unreadable(&said(&error));
                }
                return Ok(());
            }
            judging.unreadable(&said(&error));
        }
        line.clear();
    }
    Ok(())
}

fn judge(line: &[u8], judging: &mut Judging<'_>) -> serde_json::Result<()> {
    let recorded: Recorded<'_> = serde_json::from_slice(line)?;
    judging.exchange(&recorded.exchange()?);
    Ok(())
}

/// The words of serde may quote a value.
fn said(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Data => {
            format!("something of another form at line {line} column {column}")
        }
        _ => format!("no JSON at line {line} column {column}"),
    }
}

#[derive(Deserialize)]
struct Recorded<'a> {
    #[serde(borrow)]
    request: RecordedRequest<'a>,
    #[serde(borrow)]
    response: RecordedResponse<'a>,
}

#[derive(Deserialize)]
struct RecordedRequest<'a> {
    #[serde(borrow)]
    method: Text<'a>,
    #[serde(borrow)]
    url: Text<'a>,
    #[serde(borrow, default)]
    headers: HeaderList<'a>,
}

#[derive(Deserialize)]
struct RecordedResponse<'a> {
    status: u16,
    #[serde(borrow, default)]
    headers: HeaderList<'a>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    /// The connection ended before the body was whole.
    #[serde(default)]
    truncated: bool,
}

impl<'a> Recorded<'a> {
    fn exchange(self) -> serde_json::Result<Exchange<'a>> {
        let body = match self.response.body.map(RawValue::get) {
            None => Cow::Borrowed(&b""[..]),
            Some(text) if text.starts_with('"') => {
                match serde_json::from_str::<Text<'a>>(text)?.0 {
                    Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                    Cow::Owned(text) => Cow::Owned(text.into_bytes()),
                }
            }
            Some(json) => Cow::Borrowed(json.as_bytes()),
        };
        Ok(Exchange {
            request: Request {
                method: self.request.method.0,
                url: self.request.url.0,
                headers: self.request.headers,
            },
            response: Response {
                status: self.response.status,
                headers: self.response.headers,
                body,
                is_truncated: self.response.truncated,
            },
        })
    }
}
