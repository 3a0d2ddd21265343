use serde::{Serialize, Serializer};

use crate::case::Level;

macro_rules! rules {
    ($($variant:ident $id:literal $level:ident $title:literal $source:literal;)*) => {
        /// What an exchange can break: the spec's word, or that of ARM's front door.
        ///
        /// ```
        /// use amlkeys_conformance::{Level, Rule};
        ///
        /// let rule = Rule::of_id("challenge-missing").expect("there is such a rule");
        /// assert_eq!(rule.level(), Level::Must);
        /// ```
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = $title] $variant,)*
        }

        impl Rule {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its stable name.
            pub fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// The most that it weighs; a finding may weigh less.
            pub fn level(self) -> Level {
                match self { $(Self::$variant => Level::$level,)* }
            }

            /// What it demands, as a sentence.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// Where it comes from.
            pub fn source(self) -> &'static str {
                match self { $(Self::$variant => $source,)* }
            }
        }
    };
}

rules! {
    StatusUndocumented "status-undocumented" Must
        "The only documented success is 200, and ARM redirects nobody."
        "document: responses of both operations";
    StatusUnusual "status-unusual" Should
        "An error has a status that ARM is known to answer."
        "ARM's front door";
    MethodAllowed "method-allowed" Must
        "Keys are listed with POST alone."
        "ARM's front door: wrong method (Azure/azure-powershell#9709, #4247)";
    ApiVersionIgnored "api-version-ignored" Must
        "No keys without an api-version that is one."
        "ARM's front door: no api-version (cloudquery/cloudquery#6626)";
    NameUnchecked "name-unchecked" Must
        "No keys for a name that the document does not allow."
        "document: parameters of both operations";
    AuthorizationIgnored "authorization-ignored" Should
        "No keys without a token."
        "ARM's front door: no Authorization (azure-sdk-for-net, ArmChallenge)";
    ContentType "content-type" Must
        "A body is application/json."
        "document: responses of both operations";
    BodyTruncated "body-truncated" Must
        "A body is as long as announced, and its JSON has an end."
        "RFC 9112, section 8";
    BodyNotJson "body-not-json" Must
        "A body is one JSON document."
        "document: responses of both operations";
    BodyType "body-type" Must
        "The keys are a JSON object."
        "document: responses of both operations";
    DiscriminatorMissing "discriminator-missing" Must
        "A compute's secrets say their computeType."
        "document: ComputeSecrets";
    DiscriminatorType "discriminator-type" Must
        "computeType is a string."
        "document: ComputeSecrets";
    DiscriminatorUnknown "discriminator-unknown" Should
        "computeType is one of the documented ones; more may come."
        "document: ComputeType (modelAsString)";
    PropertyType "property-type" Must
        "A property has its documented type."
        "document: schemas of both operations";
    PropertyNull "property-null" Should
        "Null stands only where the document allows it."
        "document: schemas of both operations; the documented example breaks this itself";
    PropertyRequired "property-required" Must
        "A required property is there."
        "document: schemas of both operations";
    PropertyOfAnotherVariant "property-of-another-variant" Must
        "A compute's secrets are those of its own computeType."
        "document: ComputeSecrets and its subtypes";
    PropertyRenamed "property-renamed" Must
        "A property has its documented name."
        "document: schemas of both operations";
    PropertyUndocumented "property-undocumented" Should
        "A property is documented; more may come."
        "document: schemas of both operations";
    PropertyRepeated "property-repeated" Should
        "A name stands once in an object."
        "RFC 8259, section 4";
    ErrorFlat "error-flat" Must
        "code and message stand in `error`, not beside it."
        "document: ErrorResponse";
    ErrorMissing "error-missing" Must
        "An error's body has the object `error`."
        "document: ErrorResponse";
    ErrorCodeMissing "error-code-missing" Must
        "An error has a code."
        "ARM RPC, common-api-details.md: error.code is required";
    ErrorMessageMissing "error-message-missing" Must
        "An error has a message."
        "ARM RPC, common-api-details.md: error.message is required";
    ErrorType "error-type" Must
        "The members of an error have their documented types."
        "document: ErrorDetail";
    ErrorHtml "error-html" Must
        "An error is JSON; only the http layer and gateways answer in HTML."
        "document: responses of both operations";
    ChallengeMissing "challenge-missing" Must
        "A 401 carries a Bearer challenge in WWW-Authenticate."
        "ARM's front door: no Authorization (azure-sdk-for-net, ArmChallenge); RFC 9110, section 11.6.1";
    RequestIdMissing "request-id-missing" Must
        "Every answer carries x-ms-request-id."
        "ARM's front door: unknown resource (cluster-api-provider-azure, recorded 2021-09-29)";
    CorrelationIdMissing "correlation-id-missing" Must
        "Every answer carries x-ms-correlation-request-id."
        "ARM's front door: unknown resource (cluster-api-provider-azure, recorded 2021-09-29)";
    RoutingIdMissing "routing-id-missing" Should
        "Every answer carries x-ms-routing-request-id."
        "ARM's front door: unknown resource (cluster-api-provider-azure, recorded 2021-09-29)";
    ClientRequestIdNotEchoed "client-request-id-not-echoed" Must
        "x-ms-client-request-id comes back when x-ms-return-client-request-id asks for it."
        "ARM RPC, common-api-details.md";
    RetryAfterMissing "retry-after-missing" Must
        "A 429 says in Retry-After how long to wait."
        "ARM's front door: throttled (learn.microsoft.com, request limits and throttling)";
    RetryAfterMalformed "retry-after-malformed" Must
        "Retry-After is whole seconds or an HTTP date."
        "RFC 9110, section 10.2.3";
    KeysCacheable "keys-cacheable" Should
        "An answer with keys forbids caches to keep it."
        "ARM's front door: unknown resource (cluster-api-provider-azure, recorded 2021-09-29)";
    Unreadable "unreadable" Must
        "A recorded exchange can be read."
        "HAR 1.2, or the form of amlkeys";
    ExampleParameter "example-parameter" Must
        "An example has the parameters of its operation, within their limits."
        "document: parameters of both operations";
    ExampleBody "example-body" Must
        "An example shows the body of the documented 200."
        "document: responses of both operations";
    NoAnswer "no-answer" Must
        "A request is answered, in HTTP."
        "RFC 9112";
    ExpectedStatus "expected-status" Must
        "The status is the one that the case expects."
        "the case";
    ExpectedCode "expected-code" Must
        "The error's code is the one that the case expects."
        "the case";
    ExpectedMessage "expected-message" Must
        "The error's message is as the case expects."
        "the case";
    ExpectedHeader "expected-header" Must
        "A header is as the case expects."
        "the case";
    ExpectedField "expected-field" Must
        "A field of the body is as the case expects."
        "the case";
    PromisedValue "promised-value" Must
        "A value is the one that the fixture or the example promises."
        "the fixture";
    NotThrottled "not-throttled" Must
        "A server whose fixture promises a throttle has one."
        "the fixture";
    ClientSilent "client-silent" Must
        "An adapter answers every message, in time."
        "the adapter protocol";
    ClientRequestCount "client-request-count" Must
        "A client sends the requests of the case, not one more or less."
        "the case";
    ClientMethod "client-method" Must
        "Keys are listed with POST."
        "document: both operations";
    ClientPath "client-path" Must
        "The path is that of the operation, each name in its segment."
        "document: both operations";
    ClientQuery "client-query" Must
        "The query is the api-version that was asked for."
        "document: parameters of both operations";
    ClientBody "client-body" Must
        "A request has no body, and says so."
        "ARM's front door: POST without Content-Length";
    ClientAuthorization "client-authorization" Must
        "A request carries a token of the credential."
        "document: securitySchemes";
    ClientAttempts "client-attempts" Must
        "A call takes as many requests as the case expects."
        "the case";
    ClientWaits "client-waits" Must
        "The waits between the attempts are those that the case expects."
        "the case";
    ClientTokens "client-tokens" Must
        "A token is asked for as often as the case expects."
        "the case";
    ClientClaims "client-claims" Must
        "A token is asked for with the claims of the challenge."
        "the case";
    ClientOutcome "client-outcome" Must
        "Keys where keys are due, a failure where one is."
        "the case";
    ClientVariant "client-variant" Must
        "A compute's secrets are read as the variant that they are."
        "the case";
    ClientField "client-field" Must
        "A field has the value that it has in the answer."
        "the case";
    ClientError "client-error" Must
        "A failure tells its class and the service's facts."
        "the case";
    ClientSecretShown "client-secret-shown" Must
        "Secrets are in nothing that a client shows."
        "amlkeys: what is shown gets into logs";
}

impl Rule {
    /// The rule of a name.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.id() == id)
    }
}

impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}
