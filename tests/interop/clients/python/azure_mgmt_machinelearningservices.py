"""The management SDK for Python, as its package page shows it; only the address is ours."""

from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient

from report import API_VERSION, SCOPE, SUBSCRIPTION, URL, Answers, credential, failure, show

client = MachineLearningServicesMgmtClient(
    credential(),
    SUBSCRIPTION,
    base_url=URL,
    credential_scopes=[SCOPE],
    api_version=API_VERSION,
)
workspaces = client.workspaces
computes = client.machine_learning_compute

throttled = Answers()
computes.list_keys("testrg123", "workspaces123", "throttled", raw_response_hook=throttled.note)

show(
    {
        "workspaceKeys": workspaces.list_keys("testrg123", "workspaces123").serialize(keep_readonly=True),
        "computeKeys": computes.list_keys("testrg123", "workspaces123", "compute123").serialize(),
        "notFound": failure(lambda: workspaces.list_keys("testrg123", "no-such-workspace")),
        "forbidden": failure(lambda: workspaces.list_keys("lockedrg", "lockedworkspace")),
        "throttled": throttled.seen,
    }
)
