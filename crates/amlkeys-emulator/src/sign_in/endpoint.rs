/// A path at which clients sign in. None is a path of ARM: those start with `subscriptions`,
/// `providers` or `tenants`.
#[derive(Debug, PartialEq)]
pub(crate) enum Endpoint<'a> {
    Token {
        tenant: &'a str,
        version: Version,
    },
    OpenIdConfiguration {
        tenant: &'a str,
        version: Version,
    },
    Keys,
    Instance,
    /// Of IMDS, for the identity of the machine.
    MachineToken,
}

/// Of Entra's endpoints. The first asks for a `resource`, the second for a `scope`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Version {
    V1,
    V2,
}

impl<'a> Endpoint<'a> {
    pub(crate) fn of(path: &'a str) -> Option<Self> {
        use Version::{V1, V2};
        let (tenant, rest) = path.strip_prefix('/')?.split_once('/')?;
        let is = |word: &str| rest.eq_ignore_ascii_case(word);
        if tenant.eq_ignore_ascii_case("metadata") {
            return is("identity/oauth2/token").then_some(Self::MachineToken);
        }
        let token = |version| Self::Token { tenant, version };
        let configuration = |version| Self::OpenIdConfiguration { tenant, version };
        Some(match () {
            () if is("oauth2/v2.0/token") => token(V2),
            () if is("oauth2/token") => token(V1),
            () if is("v2.0/.well-known/openid-configuration") => configuration(V2),
            () if is(".well-known/openid-configuration") => configuration(V1),
            () if is("discovery/v2.0/keys") || is("discovery/keys") => Self::Keys,
            () if is("discovery/instance") => Self::Instance,
            () => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_arm_are_no_sign_in() {
        for path in [
            "",
            "/",
            "/subscriptions/s",
            "/subscriptions/s/resourceGroups/oauth2/token",
            "/subscriptions/s/providers/x/oauth2/v2.0/token",
            "/metadata/endpoints",
            "/metadata/oauth2/v2.0/token",
            "/tenant/oauth2/v2.0/token/",
        ] {
            assert_eq!(Endpoint::of(path), None, "{path}");
        }
    }

    #[test]
    fn case_of_the_path_does_not_matter() {
        let token = Endpoint::Token {
            tenant: "Contoso",
            version: Version::V2,
        };
        assert_eq!(Endpoint::of("/Contoso/OAuth2/V2.0/Token"), Some(token));
        let path = "/Metadata/identity/OAUTH2/token";
        assert_eq!(Endpoint::of(path), Some(Endpoint::MachineToken));
    }
}
