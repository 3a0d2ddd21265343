"""The `MLClient` of azure-ai-ml. It has no method for the keys of a compute: what it has
underneath is called."""

from azure.ai.ml import MLClient

from report import API_VERSION, SUBSCRIPTION, URL, Answers, credential, failure, show


def ml_client(resource_group, workspace):
    return MLClient(
        credential(),
        SUBSCRIPTION,
        resource_group,
        workspace,
        api_version=API_VERSION,
        enable_telemetry=False,
        cloud="amlkeys",
        cloud_metadata={
            "resource_manager": URL,
            "active_directory": URL,
            "azure_portal": URL,
            "aml_resource_id": "https://ml.azure.com/",
            "storage_endpoint": "core.windows.net",
            "registry_discovery_endpoint": URL,
        },
    )


def workspace_keys():
    keys = client.workspaces.get_keys("workspaces123")
    registry = keys.container_registry_credentials
    notebooks = keys.notebook_access_keys
    return {
        "userStorageKey": keys.user_storage_key,
        "userStorageResourceId": keys.user_storage_resource_id,
        "appInsightsInstrumentationKey": keys.app_insights_instrumentation_key,
        "containerRegistryCredentials": {
            "location": registry.location,
            "username": registry.username,
            "passwords": [{"name": it.name, "value": it.value} for it in registry.passwords],
        },
        "notebookAccessKeys": {
            "primaryAccessKey": notebooks.primary_access_key,
            "secondaryAccessKey": notebooks.secondary_access_key,
        },
    }


client = ml_client("testrg123", "workspaces123")
locked = ml_client("lockedrg", "lockedworkspace")
computes = client.compute._operation

throttled = Answers()
computes.list_keys("testrg123", "workspaces123", "throttled", raw_response_hook=throttled.note)

show(
    {
        "workspaceKeys": workspace_keys(),
        "computeKeys": computes.list_keys("testrg123", "workspaces123", "compute123").as_dict(),
        "notFound": failure(lambda: client.workspaces.get_keys("no-such-workspace")),
        "forbidden": failure(lambda: locked.workspaces.get_keys("lockedworkspace")),
        "throttled": throttled.seen,
    }
)
