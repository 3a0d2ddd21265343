"""Lets the conformance suite drive azure-mgmt-machinelearningservices.

The suite tells requests whom to trust, by REQUESTS_CA_BUNDLE.
"""

import datetime
import email.utils
import io
import json
import logging
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from azure.core import exceptions
from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import _utils
from azure.identity import CredentialUnavailableError
from azure.mgmt.machinelearningservices import MachineLearningServicesMgmtClient

HELLO = {
    "message": "hello",
    "protocol": 1,
    "virtual_clock": True,
    "limits": ["timeout_seconds", "attempt_timeout_seconds", "attempts"],
}
UNAVAILABLE = (408, 500, 502, 503, 504)
CLASSES = {401: "unauthorized", 403: "forbidden", 404: "not_found", 429: "throttled"}


def main():
    setup = None
    for line in sys.stdin:
        message = json.loads(line)
        if message["message"] == "hello":
            answer = HELLO
        elif message["message"] == "begin":
            setup = Setup(message)
            answer = {"message": "ready"}
        else:
            answer = setup.call(message)
        print(json.dumps(answer), flush=True)


class Setup:
    """The client of one case."""

    def __init__(self, begin):
        CLOCK.start(begin.get("starts_at"))
        self.credential = Credential(begin["tokens"])
        self.endpoint = begin["endpoint"]
        self.limits = begin["limits"]
        self.clients = {}

    def call(self, message):
        CLOCK.now += message["after_seconds"]
        CLOCK.waits.clear()
        LOG.truncate(LOG.seek(0))
        calls = message["calls"]
        if len(calls) == 1:
            outcomes = [self.outcome(calls[0])]
        else:
            with ThreadPoolExecutor(len(calls)) as pool:
                outcomes = list(pool.map(self.outcome, calls))
        for outcome in outcomes:
            outcome["waits"] = list(CLOCK.waits)
            outcome["shown"]["log"] = LOG.getvalue()
        return {"message": "outcomes", "outcomes": outcomes, "token_requests": self.credential.asked}

    def outcome(self, call):
        sent = Sent()
        try:
            client = self.client(call)
            names = [call["resource_group"], call["workspace"]]
            if call["operation"] == "Compute_ListKeys":
                keys = client.machine_learning_compute.list_keys(*names, call["compute"], raw_request_hook=sent.note)
            else:
                keys = client.workspaces.list_keys(*names, raw_request_hook=sent.note)
            return value(keys)
        except Exception as error:
            return failure(error, sent.anything)

    def client(self, call):
        """One for the calls of a case that share subscription and api-version, which are the client's here."""
        key = (call["subscription_id"], call["api_version"])
        if key not in self.clients:
            options = {}
            if "attempts" in self.limits:
                options["retry_total"] = self.limits["attempts"] - 1
            if "timeout_seconds" in self.limits:
                options["timeout"] = self.limits["timeout_seconds"]
            if "attempt_timeout_seconds" in self.limits:
                seconds = self.limits["attempt_timeout_seconds"]
                options.update(connection_timeout=seconds, read_timeout=seconds)
            self.clients[key] = MachineLearningServicesMgmtClient(
                self.credential,
                call["subscription_id"],
                base_url=self.endpoint,
                credential_scopes=["https://management.azure.com/.default"],
                api_version=call["api_version"],
                **options,
            )
        return self.clients[key]


class Sent:
    """Whether a call came as far as a request."""

    anything = False

    def note(self, _request):
        self.anything = True


class Credential:
    """Hands out the tokens of a case."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.asked = []

    def get_token(self, *scopes, claims=None, **_options):
        self.asked.append({"scopes": scopes, "claims": claims})
        if not self.tokens:
            raise CredentialUnavailableError("nobody is signed in")
        token = self.tokens[min(len(self.asked), len(self.tokens)) - 1]
        return AccessToken(token["value"], int(time.time()) + token["expires_in_seconds"])


def value(keys):
    return {
        "value": {
            "compute_type": getattr(keys, "compute_type", None),
            "typed": type(keys).__name__ != "ComputeSecrets",
            "body": documented(keys),
        },
        "shown": {"str": str(keys), "repr": repr(keys)},
    }


def documented(value):
    """What the attributes of a model hold, under their documented names."""
    if isinstance(value, list):
        return [documented(element) for element in value]
    if not hasattr(value, "_attribute_map"):
        return value
    return {
        attribute["key"]: documented(getattr(value, name, None)) for name, attribute in value._attribute_map.items()
    }


def failure(error, anything_sent):
    service = getattr(error, "error", None)
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", {})
    retry_after = headers.get("Retry-After", "")
    return {
        "error": {
            "class": error_class(error, anything_sent),
            "status": getattr(error, "status_code", None),
            "code": text(service, "code"),
            "message": text(service, "message"),
            "target": text(service, "target"),
            "details": [text(detail, "code") for detail in getattr(service, "details", None) or []],
            "request_id": headers.get("x-ms-request-id"),
            "retry_after_seconds": float(retry_after) if retry_after.isdigit() else None,
        },
        "shown": {
            "str": str(error),
            "repr": repr(error),
            "traceback": "".join(traceback.format_exception(error)),
        },
    }


def text(of, name):
    found = getattr(of, name, None)
    return found if isinstance(found, str) else None


def error_class(error, anything_sent):
    status = getattr(error, "status_code", None)
    if isinstance(error, (exceptions.ServiceRequestTimeoutError, exceptions.ServiceResponseTimeoutError)):
        return "timeout"
    if isinstance(error, (exceptions.ServiceRequestError, exceptions.ServiceResponseError, exceptions.IncompleteReadError)):
        return "connection"
    if isinstance(error, exceptions.ClientAuthenticationError) and status is None:
        return "credential"
    if isinstance(error, (exceptions.DecodeError, exceptions.DeserializationError)):
        return "malformed"
    if status == 200:
        return "malformed"
    if status in UNAVAILABLE:
        return "unavailable"
    if status is not None:
        return CLASSES.get(status, "service")
    if not anything_sent and isinstance(error, (ValueError, TypeError, exceptions.SerializationError)):
        return "invalid_input"
    return "other"


class Clock:
    """Waits pass at once and are noted; time stands still but for them."""

    def __init__(self):
        self.now = 0
        self.waits = []
        self.real = time.time

    def start(self, date):
        self.now = email.utils.parsedate_to_datetime(date).timestamp() if date else self.real()

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


CLOCK = Clock()
time.time = CLOCK.time
time.sleep = CLOCK.sleep


class ClockedDatetime(datetime.datetime):
    """For a Retry-After that is a date."""

    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(CLOCK.time(), tz)


_utils.datetime = type("datetime", (), {**vars(datetime), "datetime": ClockedDatetime})

LOG = io.StringIO()
logging.basicConfig(stream=LOG, level=logging.DEBUG)

if __name__ == "__main__":
    main()
