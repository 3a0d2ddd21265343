//! What ARM says about its cloud, to whoever asks: the addresses that belong together.

use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::base_url::BaseUrl;
use crate::front_door::{self, Reply};

pub(crate) fn is_at(path: &str) -> bool {
    path.eq_ignore_ascii_case("/metadata/endpoints")
}

pub(crate) fn answer(request: &Parts) -> Reply {
    if request.method != Method::GET {
        let refusal = front_door::method_not_allowed(&request.method);
        return refusal.with_header(header::ALLOW, HeaderValue::from_static("GET"));
    }
    let Some(api_version) = front_door::api_version(request) else {
        return front_door::missing_api_version();
    };
    let base_url = BaseUrl::of(request);
    let body = match &*api_version {
        // Azure Stack, and what `az cloud register` read for long.
        "2015-01-01" => endpoints_of_2015(base_url),
        // manicminer/hamilton#169: a list of all clouds.
        "latest" => json!([cloud(base_url)]),
        version if version < "2022-09-01" => json!([cloud(base_url)]),
        _ => cloud(base_url),
    };
    Reply::json(StatusCode::OK, &body)
}

/// The addresses of the emulator, and for the other services those of the public cloud.
fn cloud(base_url: BaseUrl<'_>) -> Value {
    json!({
        // Not that of a cloud of Azure: clients know its addresses by heart.
        "name": "AmlkeysEmulator",
        "resourceManager": format!("{base_url}/"),
        "authentication": {
            "loginEndpoint": base_url.to_string(),
            "audiences": AUDIENCES,
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "portal": "https://portal.azure.com",
        "gallery": "https://gallery.azure.com/",
        "media": "https://rest.media.azure.net",
        "graph": "https://graph.windows.net/",
        "graphAudience": "https://graph.windows.net/",
        "microsoftGraphResourceId": "https://graph.microsoft.com/",
        "batch": "https://batch.core.windows.net/",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "logAnalyticsResourceId": "https://api.loganalytics.io",
        "appInsightsResourceId": "https://api.applicationinsights.io",
        "ossrDbmsResourceId": "https://ossrdbms-aad.database.windows.net",
        "synapseAnalyticsResourceId": "https://dev.azuresynapse.net",
        "attestationResourceId": "https://attest.azure.net",
        "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/\
                            arm-compute/quickstart-templates/aliases.json",
        "suffixes": {
            "acrLoginServer": "azurecr.io",
            "keyVaultDns": "vault.azure.net",
            "sqlServerHostname": "database.windows.net",
            "storage": "core.windows.net",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
            "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
            "azureFrontDoorEndpointSuffix": "azurefd.net",
        },
    })
}

fn endpoints_of_2015(base_url: BaseUrl<'_>) -> Value {
    json!({
        "galleryEndpoint": "https://gallery.azure.com/",
        "graphEndpoint": "https://graph.windows.net/",
        "portalEndpoint": "https://portal.azure.com",
        "authentication": {
            "loginEndpoint": base_url.to_string(),
            "audiences": AUDIENCES,
        },
    })
}

const AUDIENCES: [&str; 2] = [
    "https://management.core.windows.net/",
    "https://management.azure.com/",
];
