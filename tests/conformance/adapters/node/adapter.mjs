// Lets the conformance suite drive @azure/arm-machinelearning.
// The suite tells Node whom to trust, by NODE_EXTRA_CA_CERTS.

import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { inspect } from "node:util";
import { AzureMachineLearningWorkspaces } from "@azure/arm-machinelearning";
import { CredentialUnavailableError } from "@azure/identity";

const HELLO = {
  message: "hello",
  protocol: 1,
  virtual_clock: true,
  limits: ["timeout_seconds", "attempt_timeout_seconds", "attempts"],
};
const UNAVAILABLE = [408, 500, 502, 503, 504];
const CLASSES = { 401: "unauthorized", 403: "forbidden", 404: "not_found", 429: "throttled" };

/** Waits pass at once and are noted; time stands still but for them. */
const clock = {
  now: 0,
  waits: [],
  /** The one timer that is real. */
  attemptTimeout: undefined,
  realNow: Date.now.bind(Date),
  setTimeout: globalThis.setTimeout,
  start(date) {
    this.now = date ? Date.parse(date) : this.realNow();
  },
};
Date.now = () => Math.round(clock.now);
globalThis.setTimeout = (callback, milliseconds = 0, ...values) => {
  if (milliseconds === clock.attemptTimeout) return clock.setTimeout(callback, milliseconds, ...values);
  const passing = Math.max(0, milliseconds);
  clock.waits.push(passing / 1000);
  clock.now += passing;
  return clock.setTimeout(callback, 0, ...values);
};

const log = [];
// The client logs through the copy that require finds, not the one that import does.
const { AzureLogger, setLogLevel } = createRequire(import.meta.url)("@azure/logger");
setLogLevel("verbose");
AzureLogger.log = (...values) => log.push(values.map((it) => (typeof it === "string" ? it : inspect(it))).join(" "));

/** The client of one case. */
class Setup {
  constructor(begin) {
    clock.start(begin.starts_at);
    this.credential = new Credential(begin.tokens);
    this.endpoint = begin.endpoint;
    this.limits = begin.limits;
    this.clients = new Map();
    const seconds = this.limits.attempt_timeout_seconds;
    clock.attemptTimeout = seconds && seconds * 1000;
  }

  async call({ after_seconds: after, calls }) {
    clock.now += after * 1000;
    clock.waits.length = 0;
    log.length = 0;
    const outcomes = await Promise.all(calls.map((call) => this.outcome(call)));
    for (const outcome of outcomes) {
      outcome.waits = [...clock.waits];
      outcome.shown.log = log.join("\n");
    }
    return { message: "outcomes", outcomes, token_requests: this.credential.asked };
  }

  async outcome(call) {
    const sent = { anything: false };
    try {
      const client = this.client(call, sent);
      const { resource_group: group, workspace, compute } = call;
      const keys =
        call.operation === "Compute_ListKeys"
          ? await client.computeOperations.listKeys(group, workspace, compute, this.options())
          : await client.workspaces.listKeys(group, workspace, this.options());
      return value(keys);
    } catch (error) {
      return failure(error, sent.anything);
    }
  }

  /** One for the calls of a case that share subscription and api-version, which are the client's here. */
  client(call, sent) {
    const key = JSON.stringify([call.subscription_id, call.api_version]);
    if (!this.clients.has(key)) {
      const client = new AzureMachineLearningWorkspaces(this.credential, call.subscription_id, {
        endpoint: this.endpoint,
        apiVersion: call.api_version,
        credentialScopes: "https://management.azure.com/.default",
        ...(this.limits.attempts && { retryOptions: { maxRetries: this.limits.attempts - 1 } }),
      });
      client.pipeline.addPolicy({
        name: "noteRequests",
        sendRequest(request, next) {
          sent.anything = true;
          return next(request);
        },
      });
      this.clients.set(key, client);
    }
    return this.clients.get(key);
  }

  options() {
    const { timeout_seconds: all, attempt_timeout_seconds: one } = this.limits;
    return {
      ...(all && { abortSignal: AbortSignal.timeout(all * 1000) }),
      ...(one && { requestOptions: { timeout: one * 1000 } }),
    };
  }
}

/** Hands out the tokens of a case. */
class Credential {
  constructor(tokens) {
    this.tokens = tokens;
    this.asked = [];
  }

  async getToken(scopes, { claims } = {}) {
    this.asked.push({ scopes, claims });
    if (this.tokens.length === 0) throw new CredentialUnavailableError("nobody is signed in");
    const token = this.tokens[Math.min(this.asked.length, this.tokens.length) - 1];
    return { token: token.value, expiresOnTimestamp: Date.now() + token.expires_in_seconds * 1000 };
  }
}

function value(keys) {
  return {
    value: { compute_type: text(keys?.computeType) ?? null, body: keys ?? null },
    shown: { inspect: inspect(keys, { depth: Infinity }), string: String(keys) },
  };
}

function failure(error, anythingSent) {
  const service = error.details?.error ?? {};
  const headers = error.response?.headers;
  const retryAfter = headers?.get("retry-after");
  return {
    error: {
      class: errorClass(error, anythingSent),
      status: error.statusCode,
      code: text(error.code),
      message: text(service.message ?? error.message),
      target: text(service.target),
      details: Array.isArray(service.details) ? service.details.map((it) => text(it?.code) ?? null) : [],
      request_id: headers?.get("x-ms-request-id"),
      retry_after_seconds: /^\d+$/.test(retryAfter) ? Number(retryAfter) : undefined,
    },
    shown: { inspect: inspect(error), string: String(error), stack: String(error.stack) },
  };
}

function text(value) {
  return typeof value === "string" ? value : undefined;
}

function errorClass(error, anythingSent) {
  if (error.name === "AbortError" || error.name === "TimeoutError") return "timeout";
  if (error instanceof CredentialUnavailableError) return "credential";
  if (error.code === "PARSE_ERROR" || error.statusCode === 200) return "malformed";
  if (UNAVAILABLE.includes(error.statusCode)) return "unavailable";
  if (error.statusCode) return CLASSES[error.statusCode] ?? "service";
  if (error.name === "RestError") return "connection";
  return anythingSent ? "malformed" : "invalid_input";
}

let setup;
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  let answer = HELLO;
  if (message.message === "begin") {
    setup = new Setup(message);
    answer = { message: "ready" };
  } else if (message.message === "call") {
    answer = await setup.call(message);
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
