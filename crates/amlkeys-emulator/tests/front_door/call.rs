use amlkeys_emulator::{Arm, TokenRequest};
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt;

pub(crate) const WORKSPACES: &str = "/subscriptions/34adfa4f-cedf-4dc0-ba29-b6d1a69ab345/resourceGroups/\
    testrg123/providers/Microsoft.MachineLearningServices/workspaces";

/// One request.
pub(crate) struct Call {
    pub(crate) arm: Arm,
    pub(crate) method: Method,
    pub(crate) path_and_query: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Call {
    /// A POST as a well-behaved client sends it.
    pub(crate) fn post(path_and_query: &str) -> Self {
        Self::post_to(&Arm::documented(), path_and_query)
    }

    pub(crate) fn post_to(arm: &Arm, path_and_query: &str) -> Self {
        let authorization = format!("Bearer {}", arm.token());
        Self {
            arm: arm.clone(),
            method: Method::POST,
            path_and_query: path_and_query.to_owned(),
            headers: vec![
                ("authorization", authorization),
                ("content-length", "0".to_owned()),
            ],
            body: Vec::new(),
        }
    }

    /// The same, for something in the documented group.
    pub(crate) fn keys(rest: &str) -> Self {
        Self::post(&format!("{WORKSPACES}{rest}?api-version=2025-09-01"))
    }

    /// For the keys of the documented workspace.
    pub(crate) fn to(arm: &Arm) -> Self {
        let path = format!("{WORKSPACES}/workspaces123/listKeys?api-version=2025-09-01");
        Self::post_to(arm, &path)
    }

    pub(crate) fn get_from(arm: &Arm, path_and_query: &str) -> Self {
        let mut call = Self::post_to(arm, path_and_query);
        call.method = Method::GET;
        call
    }

    pub(crate) fn with_token(self, token: &str) -> Self {
        self.anonymous()
            .header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn with_token_for(self, request: TokenRequest) -> Self {
        let token = self.arm.token_for(request).expect("a principal has it");
        self.with_token(&token)
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn anonymous(mut self) -> Self {
        self.headers.retain(|(name, _)| *name != "authorization");
        self
    }

    pub(crate) async fn send(self) -> Answer {
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.path_and_query);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let request = request
            .body(Body::from(self.body))
            .expect("the test's request is well-formed");
        let response = self.arm.router().oneshot(request).await;
        let (head, body) = response.expect("a router does not fail").into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        Answer {
            status: head.status,
            headers: head.headers,
            body: body.expect("the body is in memory"),
        }
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?;
        Some(value.to_str().expect("the header is visible ASCII"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the answer is JSON")
    }

    #[track_caller]
    pub(crate) fn is_error(&self, status: StatusCode, code: &str, message: &str) {
        let expected = serde_json::json!({"error": {"code": code, "message": message}});
        assert_eq!((self.status, self.json()), (status, expected));
    }
}
