use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64URL;
use ring::hmac;
use ring::rand::SystemRandom;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::state::Principal;

/// Issues tokens and reads them again. A signature with a key of this run tells which are its own;
/// of those that were read, the last few are remembered.
pub(crate) struct Tokens {
    key: hmac::Key,
    remembered: Mutex<VecDeque<Remembered>>,
    /// How long those of a sign-in last.
    lifetime: Duration,
    revocations: AtomicU64,
    revoked_at: AtomicU64,
}

/// A token and what its answer says about it, in seconds since 1970.
pub(crate) struct Issued {
    pub(crate) token: String,
    pub(crate) not_before: u64,
    pub(crate) expires: u64,
    pub(crate) lifetime: u64,
}

/// A token of this run, for the requests that follow with the same one.
struct Remembered {
    signed: Box<[u8]>,
    signature: Box<[u8]>,
    claims: Arc<Claims>,
}

impl Remembered {
    const CAPACITY: usize = 8;
}

/// What a token says that is checked.
#[derive(Deserialize)]
pub(crate) struct Claims {
    #[serde(rename = "aud")]
    pub(crate) audience: String,
    #[serde(rename = "exp")]
    pub(crate) expires: u64,
    #[serde(rename = "iat")]
    pub(crate) issued: u64,
    #[serde(rename = "oid")]
    pub(crate) object_id: String,
    #[serde(rename = "xms_revocations")]
    revocations: u64,
}

impl Tokens {
    pub(crate) fn new(lifetime: Duration) -> Self {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new());
        Self {
            key: key.expect("the system has random numbers"),
            remembered: Mutex::default(),
            lifetime,
            revocations: AtomicU64::new(0),
            revoked_at: AtomicU64::new(0),
        }
    }

    pub(crate) fn of_sign_in(
        &self,
        principal: &Principal,
        audience: &str,
        now: SystemTime,
    ) -> Issued {
        self.issue(principal, audience, self.lifetime, now)
    }

    /// A token as Entra issues it to an application: claims of version 1.0, which is ARM's.
    pub(crate) fn issue(
        &self,
        principal: &Principal,
        audience: &str,
        lifetime: Duration,
        now: SystemTime,
    ) -> Issued {
        let issued = unix_seconds(now);
        let issuer = format!("https://sts.windows.net/{}/", principal.tenant_id);
        let expires = issued + lifetime.as_secs();
        let payload = Payload {
            aud: audience,
            iss: &issuer,
            iat: issued,
            nbf: issued,
            exp: expires,
            appid: &principal.client_id,
            appidacr: "1",
            idp: &issuer,
            idtyp: "app",
            oid: &principal.object_id,
            sub: &principal.object_id,
            tid: &principal.tenant_id,
            uti: BASE64URL.encode(fastrand::u128(..).to_be_bytes()),
            ver: "1.0",
            xms_revocations: self.revocations.load(Ordering::Relaxed),
        };
        Issued {
            token: self.sign(&payload),
            not_before: issued,
            expires,
            lifetime: lifetime.as_secs(),
        }
    }

    /// What a token of this run says.
    pub(crate) fn read(&self, token: &[u8]) -> Option<Arc<Claims>> {
        let end = token.iter().rposition(|byte| *byte == b'.')?;
        let (signed, signature) = (&token[..end], &token[end + 1..]);
        if let Some(claims) = self.remembered(signed, signature) {
            return Some(claims);
        }
        let claims = Arc::new(self.verified(signed, signature)?);
        self.remember(signed, signature, &claims);
        Some(claims)
    }

    fn remembered(&self, signed: &[u8], signature: &[u8]) -> Option<Arc<Claims>> {
        let remembered = self.remembered.lock().expect(UNPOISONED);
        // The signature is the secret in a token, the rest can be guessed.
        let is_it =
            |it: &&Remembered| *it.signed == *signed && bool::from(it.signature.ct_eq(signature));
        Some(Arc::clone(&remembered.iter().find(is_it)?.claims))
    }

    fn remember(&self, signed: &[u8], signature: &[u8], claims: &Arc<Claims>) {
        let new = Remembered {
            signed: signed.into(),
            signature: signature.into(),
            claims: Arc::clone(claims),
        };
        let mut remembered = self.remembered.lock().expect(UNPOISONED);
        if remembered.len() == Remembered::CAPACITY {
            remembered.pop_front();
        }
        remembered.push_back(new);
    }

    fn verified(&self, signed: &[u8], signature: &[u8]) -> Option<Claims> {
        let payload_at = signed.iter().position(|byte| *byte == b'.')? + 1;
        let mut tag = [0; 33];
        let length = BASE64URL.decode_slice(signature, &mut tag).ok()?;
        hmac::verify(&self.key, signed, &tag[..length]).ok()?;
        let payload = BASE64URL.decode(&signed[payload_at..]).ok()?;
        serde_json::from_slice(&payload).ok()
    }

    /// From now on every token that was issued until now is a revoked one.
    pub(crate) fn revoke(&self, now: SystemTime) {
        self.revoked_at.store(unix_seconds(now), Ordering::Relaxed);
        self.revocations.fetch_add(1, Ordering::Relaxed);
    }

    /// The time that a token of this principal must be issued at or after, if this one is not.
    pub(crate) fn revoked(&self, claims: &Claims, principal: &Principal) -> Option<u64> {
        let valid_from = principal.tokens_valid_from.map(unix_seconds);
        if let Some(valid_from) = valid_from.filter(|valid_from| claims.issued < *valid_from) {
            return Some(valid_from);
        }
        // Counted, because within one second a token is issued, revoked and issued again.
        (claims.revocations < self.revocations.load(Ordering::Relaxed))
            .then(|| self.revoked_at.load(Ordering::Relaxed))
    }

    /// Whether the two are the same, in a time that does not depend on where they differ.
    pub(crate) fn same_secret(&self, sent: &str, known: &str) -> bool {
        let known = hmac::sign(&self.key, known.as_bytes());
        hmac::verify(&self.key, sent.as_bytes(), known.as_ref()).is_ok()
    }

    fn sign(&self, payload: &Payload<'_>) -> String {
        let payload = serde_json::to_vec(payload).expect("strings and numbers become JSON");
        let mut token = BASE64URL.encode(HEADER);
        token.push('.');
        BASE64URL.encode_string(payload, &mut token);
        let signature = hmac::sign(&self.key, token.as_bytes());
        token.push('.');
        BASE64URL.encode_string(signature, &mut token);
        token
    }
}

const UNPOISONED: &str = "nothing panics while it holds the tokens";

/// Entra signs with RSA; clients of ARM do not verify, and the emulator reads only its own.
const HEADER: &str = r#"{"typ":"JWT","alg":"HS256"}"#;

#[derive(Serialize)]
struct Payload<'a> {
    aud: &'a str,
    iss: &'a str,
    iat: u64,
    nbf: u64,
    exp: u64,
    appid: &'a str,
    appidacr: &'a str,
    idp: &'a str,
    idtyp: &'a str,
    oid: &'a str,
    sub: &'a str,
    tid: &'a str,
    uti: String,
    ver: &'a str,
    /// Not Entra's: how often [`Tokens::revoke`] had been called.
    xms_revocations: u64,
}

pub(crate) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn issued(tokens: &Tokens) -> String {
        let state = State::documented();
        tokens.of_sign_in(&state.principals()[0], "a", NOW).token
    }

    #[test]
    fn only_whole_tokens_of_this_run_are_read() {
        let tokens = Tokens::new(Duration::from_secs(60));
        let token = issued(&tokens);
        let claims = tokens.read(token.as_bytes()).unwrap();
        assert_eq!((claims.audience.as_str(), claims.expires), ("a", 60));

        let (signed, signature) = token.rsplit_once('.').unwrap();
        let (header, payload) = signed.split_once('.').unwrap();
        let unsigned = BASE64URL.encode(r#"{"typ":"JWT","alg":"none"}"#);
        for other in [
            issued(&Tokens::new(Duration::ZERO)),
            signed.to_owned(),
            format!("{signed}."),
            format!("{unsigned}.{payload}."),
            format!("{unsigned}.{payload}.{signature}"),
            format!("{header}.{payload}A.{signature}"),
            format!("{token}A"),
            format!("{token}{signature}"),
            ".".to_owned(),
            "..".to_owned(),
            String::new(),
        ] {
            assert!(tokens.read(other.as_bytes()).is_none(), "{other:?}");
        }
    }

    #[test]
    fn few_tokens_are_remembered_and_all_are_read() {
        let tokens = Tokens::new(Duration::ZERO);
        let remembered = || tokens.remembered.lock().unwrap().len();
        let issued: [String; 2 * Remembered::CAPACITY] = std::array::from_fn(|_| issued(&tokens));
        for _ in 0..2 {
            assert!(tokens.read(issued[0].as_bytes()).is_some());
            assert_eq!(remembered(), 1, "once read, it is remembered once");
        }
        for token in issued.iter().chain(&issued) {
            assert!(tokens.read(token.as_bytes()).is_some());
        }
        assert_eq!(remembered(), Remembered::CAPACITY);
    }

    #[test]
    fn tokens_are_signed_as_their_header_says() {
        let tokens = Tokens::new(Duration::ZERO);
        let token = issued(&tokens);
        let (header, _) = token.split_once('.').unwrap();
        let header = BASE64URL.decode(header).unwrap();
        let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
        assert_eq!(header["alg"], "HS256");
        assert_eq!(header["typ"], "JWT");
    }

    #[test]
    fn token_of_before_the_principals_date_is_revoked() {
        let tokens = Tokens::new(Duration::ZERO);
        let principal = Principal {
            tenant_id: "tenant".into(),
            object_id: "object".into(),
            client_id: "client".into(),
            client_secret: "secret".into(),
            client_secret_expires: None,
            tokens_valid_from: Some(NOW + Duration::from_secs(10)),
            denied: Vec::new(),
        };
        for (age, revoked) in [(9, Some(10)), (10, None)] {
            let issued = NOW + Duration::from_secs(age);
            let token = tokens.of_sign_in(&principal, "a", issued).token;
            let claims = tokens.read(token.as_bytes()).unwrap();
            assert_eq!(tokens.revoked(&claims, &principal), revoked, "{age}");
        }
    }

    #[test]
    fn a_secret_is_the_same_only_as_a_whole() {
        let tokens = Tokens::new(Duration::ZERO);
        assert!(tokens.same_secret("secret", "secret"));
        for other in ["", "secre", "secret2", "Secret"] {
            assert!(!tokens.same_secret(other, "secret"), "{other:?}");
        }
    }
}
