"""`az rest`, as the Azure CLI documents it, with the emulator's token in place of a sign-in."""

import json
import os
import re
import subprocess

WORKSPACES = (
    "{AMLKEYS_URL}/subscriptions/{AMLKEYS_SUBSCRIPTION}/resourceGroups/{group}/providers"
    "/Microsoft.MachineLearningServices/workspaces/{rest}/listKeys?api-version={AMLKEYS_API_VERSION}"
)


def az_rest(rest, group="testrg123"):
    url = WORKSPACES.format(group=group, rest=rest, **os.environ)
    headers = f"Authorization=Bearer {os.environ['AMLKEYS_TOKEN']}"
    command = ["az", "rest", "--method", "post", "--url", url]
    command += ["--skip-authorization-header", "--headers", headers]
    return subprocess.run(command, capture_output=True, text=True)


def keys(rest):
    done = az_rest(rest)
    if done.returncode != 0:
        raise SystemExit(f"az rest failed: {done.stderr}")
    return json.loads(done.stdout)


def failure(rest, group="testrg123"):
    """az says the status in words: `ERROR: Not Found({"error":…})`."""
    answer = re.search(r"ERROR: ([\w ]+)\((.*)\)", az_rest(rest, group).stderr)
    return {"status": answer[1], "code": json.loads(answer[2])["error"]["code"]}


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(it) for key, it in value.items() if it is not None}
    return value


report = {
    "workspaceKeys": keys("workspaces123"),
    "computeKeys": keys("workspaces123/computes/compute123"),
    "notFound": failure("no-such-workspace"),
    "forbidden": failure("lockedworkspace", "lockedrg"),
    # az rest does not retry: the second call is ours.
    "throttled": failure("workspaces123/computes/throttled"),
    "afterwards": keys("workspaces123/computes/throttled"),
}
print(json.dumps(without_nulls(report), indent=2, sort_keys=True))
