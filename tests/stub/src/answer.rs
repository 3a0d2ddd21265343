use tokio::io::{AsyncWrite, AsyncWriteExt};

/// Bytes to answer one request with, and what becomes of the connection.
///
/// A `Vec<u8>` is an answer too: after it the connection is closed.
#[derive(Clone, Default)]
pub struct Answer {
    head: Vec<u8>,
    part: Vec<u8>,
    filler: u64,
    pub(crate) then: Then,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Then {
    /// In good order, with TLS's goodbye.
    #[default]
    Close,
    /// Without TLS's goodbye.
    Break,
    Reset,
    /// The next request may come on the same connection.
    Stay,
    /// Nothing more is said until the client goes.
    Hang,
    /// One byte after the other until the client goes.
    Trickle,
}

impl Answer {
    /// A whole answer, after which the connection stays open.
    pub fn kept(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Self {
        Self::from(whole(status, headers, body.as_ref())).then(Then::Stay)
    }

    /// A whole answer with status 200 and a JSON body, after which the
    /// connection stays open.
    pub fn kept_json(body: impl AsRef<[u8]>) -> Self {
        Self::kept("200 OK", &["content-type: application/json"], body)
    }

    /// Sends as many bytes after the rest, of no meaning, made as they go.
    pub fn then_filler(mut self, bytes: u64) -> Self {
        self.filler = bytes;
        self
    }

    /// Sends these bytes too, in a packet of their own.
    pub fn then_part(mut self, bytes: &[u8]) -> Self {
        self.part = bytes.to_vec();
        self
    }

    /// Takes the next request on the same connection.
    pub fn then_stay(self) -> Self {
        self.then(Then::Stay)
    }

    /// Closes the connection afterwards, in good order.
    pub fn then_close(self) -> Self {
        self.then(Then::Close)
    }

    /// Closes the connection afterwards, but not TLS before it.
    pub fn then_break(self) -> Self {
        self.then(Then::Break)
    }

    /// Resets the connection afterwards.
    pub fn then_reset(self) -> Self {
        self.then(Then::Reset)
    }

    /// Says nothing more afterwards and keeps the connection.
    pub fn then_hang(self) -> Self {
        self.then(Then::Hang)
    }

    /// Sends byte after byte afterwards, of no meaning, until the client goes.
    pub fn then_trickle(self) -> Self {
        self.then(Then::Trickle)
    }

    pub(crate) async fn write(
        &self,
        stream: &mut (impl AsyncWrite + Unpin),
    ) -> std::io::Result<()> {
        stream.write_all(&self.head).await?;
        stream.flush().await?;
        tokio::task::yield_now().await;
        stream.write_all(&self.part).await?;
        let block = [b'x'; 16 * 1024];
        let mut left = self.filler;
        while left > 0 {
            let some = &block[..block.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
            stream.write_all(some).await?;
            left -= some.len() as u64;
        }
        stream.flush().await
    }

    fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }
}

impl From<Vec<u8>> for Answer {
    fn from(head: Vec<u8>) -> Self {
        Self {
            head,
            ..Self::default()
        }
    }
}

impl From<&[u8]> for Answer {
    fn from(head: &[u8]) -> Self {
        head.to_vec().into()
    }
}

impl From<&str> for Answer {
    fn from(head: &str) -> Self {
        head.as_bytes().into()
    }
}

/// A whole answer with a JSON body, after which the connection closes.
pub fn json(status: &str, body: &str) -> Vec<u8> {
    answer(status, &["content-type: application/json"], body)
}

/// A whole answer, after which the connection closes.
pub fn answer(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    whole(
        status,
        &[headers, &["connection: close"]].concat(),
        body.as_ref(),
    )
}

/// The value of a header in a recorded request head.
pub fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn whole(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let headers: String = headers
        .iter()
        .map(|header| format!("{header}\r\n"))
        .collect();
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}
