"""What a client saw, as the JSON that `run.sh` compares: sorted, without nulls."""

import json
import os

from azure.core.exceptions import HttpResponseError
from azure.identity import ClientSecretCredential

URL = os.environ["AMLKEYS_URL"]
SUBSCRIPTION = os.environ["AMLKEYS_SUBSCRIPTION"]
API_VERSION = os.environ["AMLKEYS_API_VERSION"]
SCOPE = "https://management.azure.com/.default"


def credential():
    """Signs in at the emulator, which is its own authority."""
    return ClientSecretCredential(
        os.environ["AZURE_TENANT_ID"],
        os.environ["AZURE_CLIENT_ID"],
        os.environ["AZURE_CLIENT_SECRET"],
        authority=URL,
        disable_instance_discovery=True,
    )


class Answers:
    """Notes the answers to one call, retried ones included; hand `note` to `raw_response_hook`."""

    def __init__(self):
        self.seen = []

    def note(self, response):
        answer = {"status": response.http_response.status_code}
        retry_after = response.http_response.headers.get("Retry-After")
        self.seen.append(answer | ({"retryAfter": retry_after} if retry_after else {}))


def failure(call):
    try:
        call()
    except HttpResponseError as error:
        return {"status": error.status_code, "code": error.error.code}
    raise AssertionError("the call was to fail")


def show(report):
    print(json.dumps(without_nulls(report), indent=2, sort_keys=True))


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(it) for key, it in value.items() if it is not None}
    if isinstance(value, list):
        return [without_nulls(it) for it in value]
    return value
