//! azure_identity's credentials, unmodified.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use amlkeys_emulator::{Arm, Emulator, ManualClock};
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::TokenCredential;
use azure_core::http::{AsyncRawResponse, ClientOptions, HttpClient, Request, Transport, Url};
use azure_identity::{
    ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential,
    ManagedIdentityCredentialOptions, UserAssignedId,
};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::call::{CLIENT_ID, SECRET, TENANT};

const SCOPE: &str = "https://management.azure.com/.default";

#[tokio::test]
async fn client_secret_credential_signs_in() {
    let emulator = Emulator::start().await.unwrap();
    let credential = client_secret(&emulator, TENANT, SECRET);
    assert_eq!(list_keys(&emulator, &*credential).await, 200);
}

/// Azure/sap-automation#418.
#[tokio::test]
async fn client_secret_credential_tells_of_a_wrong_secret() {
    let emulator = Emulator::start().await.unwrap();
    let credential = client_secret(&emulator, TENANT, "canary-wrong-secret");
    let told = failure(&*credential).await;
    assert!(
        told.contains("AADSTS7000215: Invalid client secret"),
        "{told}"
    );
    assert!(!told.contains("canary"), "{told}");
}

/// Azure/azure-cli#22145.
#[tokio::test]
async fn client_secret_credential_tells_of_a_wrong_tenant() {
    let emulator = Emulator::start().await.unwrap();
    let unknown = "00000000-1111-2222-3333-444444444444";
    let told = failure(&*client_secret(&emulator, unknown, SECRET)).await;
    let words = format!("AADSTS90002: Tenant '{unknown}' not found.");
    assert!(told.contains(&words), "{told}");
}

/// microsoft/foundry-dev-tools#461: the credential keeps a token that has ended for ARM.
#[tokio::test]
async fn token_of_a_sign_in_ends() {
    let clock = Arc::new(ManualClock::default());
    let arm = Arm::builder().with_clock(clock.clone()).build();
    let emulator = Emulator::builder().with_arm(arm).start().await.unwrap();
    let credential = client_secret(&emulator, TENANT, SECRET);
    assert_eq!(list_keys(&emulator, &*credential).await, 200);
    clock.advance(Duration::from_secs(3599));
    assert_eq!(list_keys(&emulator, &*credential).await, 401);
    let expired = emulator.requests().pop().unwrap().authorization();
    assert_eq!(expired, amlkeys_emulator::Authorization::Expired);
}

/// azure_identity asks again when a token has less than five minutes left.
#[tokio::test]
async fn credential_signs_in_again_before_its_token_ends() {
    let lifetime = Duration::from_secs(60);
    let arm = Arm::builder().with_token_lifetime(lifetime).build();
    let emulator = Emulator::builder().with_arm(arm).start().await.unwrap();
    let credential = client_secret(&emulator, TENANT, SECRET);
    for _ in 0..2 {
        assert_eq!(list_keys(&emulator, &*credential).await, 200);
    }
    let requests = emulator.requests();
    let is_sign_in = |path: &str| path.ends_with("/oauth2/v2.0/token");
    let sign_ins = requests.iter().filter(|it| is_sign_in(it.path_and_query()));
    assert_eq!(sign_ins.count(), 2);
}

#[tokio::test]
async fn managed_identity_credential_signs_in() {
    let emulator = Emulator::start().await.unwrap();
    for id in [None, Some(UserAssignedId::ClientId(CLIENT_ID.into()))] {
        let credential = managed_identity(&emulator, id);
        assert_eq!(list_keys(&emulator, &*credential).await, 200);
    }
}

/// The scheme that the metadata service of a machine speaks.
#[tokio::test]
async fn managed_identity_credential_signs_in_over_plain_http() {
    let builder = Emulator::builder().with_plain_http();
    let emulator = builder.start().await.unwrap();
    assert!(emulator.endpoint().starts_with("http://"));
    let credential = managed_identity(&emulator, None);
    assert_eq!(list_keys(&emulator, &*credential).await, 200);
}

/// azure_identity turns "Identity not found" into words of its own.
#[tokio::test]
async fn managed_identity_credential_tells_of_an_unknown_identity() {
    let emulator = Emulator::start().await.unwrap();
    let unknown = UserAssignedId::ClientId("unknown".into());
    let told = failure(&*managed_identity(&emulator, Some(unknown))).await;
    let words = "The requested identity has not been assigned to this resource";
    assert!(told.contains(words), "{told}");
}

fn client_secret(emulator: &Emulator, tenant: &str, secret: &str) -> Arc<ClientSecretCredential> {
    let mut cloud = CustomConfiguration::default();
    cloud.authority_host = emulator.endpoint().to_owned();
    let options = ClientSecretCredentialOptions {
        client_options: ClientOptions {
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            transport: Some(Transport::new(Arc::new(http_client(emulator)))),
            ..ClientOptions::default()
        },
    };
    let secret = secret.to_owned().into();
    ClientSecretCredential::new(tenant, CLIENT_ID.into(), secret, Some(options))
        .expect("the options are valid")
}

fn managed_identity(
    emulator: &Emulator,
    user_assigned_id: Option<UserAssignedId>,
) -> Arc<ManagedIdentityCredential> {
    let metadata_service = MetadataService {
        endpoint: emulator.endpoint().parse().expect("a URL"),
        http: http_client(emulator),
    };
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id,
        client_options: ClientOptions {
            transport: Some(Transport::new(Arc::new(metadata_service))),
            ..ClientOptions::default()
        },
    };
    ManagedIdentityCredential::new(Some(options)).expect("the options are valid")
}

/// The address of the metadata service cannot be set: this is the route to it.
#[derive(Debug)]
struct MetadataService {
    endpoint: Url,
    http: reqwest::Client,
}

#[async_trait::async_trait]
impl HttpClient for MetadataService {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        assert_eq!(request.url().host_str(), Some("169.254.169.254"));
        let mut url = self.endpoint.clone();
        url.set_path(request.url().path());
        url.set_query(request.url().query());
        let mut request = request.clone();
        *request.url_mut() = url;
        self.http.execute_request(&request).await
    }
}

fn http_client(emulator: &Emulator) -> reqwest::Client {
    let mut roots = RootCertStore::empty();
    // Over plain http there is none.
    for authority in CertificateDer::pem_slice_iter(emulator.ca_pem().as_bytes()) {
        roots.add(authority.expect("PEM")).expect("an authority");
    }
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls);
    client.no_proxy().build().expect("a client")
}

/// The status of a call with the credential's token.
async fn list_keys(emulator: &Emulator, credential: &dyn TokenCredential) -> u16 {
    let token = credential.get_token(&[SCOPE], None).await.expect("a token");
    let url = format!(
        "{}/subscriptions/{}/resourceGroups/testrg123/providers/\
         Microsoft.MachineLearningServices/workspaces/workspaces123/listKeys\
         ?api-version=2025-09-01",
        emulator.endpoint(),
        emulator.subscription_id(),
    );
    let request = http_client(emulator)
        .post(url)
        .header("content-length", "0");
    let answer = request.bearer_auth(token.token.secret()).send().await;
    answer.expect("an answer").status().as_u16()
}

/// All that the credential says of why there is no token.
async fn failure(credential: &dyn TokenCredential) -> String {
    let error = credential.get_token(&[SCOPE], None).await.unwrap_err();
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        told = format!("{told}: {error}");
        source = error.source();
    }
    told
}
