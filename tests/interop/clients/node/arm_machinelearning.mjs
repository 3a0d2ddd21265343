// @azure/arm-machinelearning, as its package page shows it; only the address is ours.

import { AzureMachineLearningWorkspaces } from "@azure/arm-machinelearning";
import { ClientSecretCredential } from "@azure/identity";

const { AMLKEYS_URL, AMLKEYS_SUBSCRIPTION, AMLKEYS_API_VERSION } = process.env;
const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET } = process.env;

// Signs in at the emulator, which is its own authority.
const credential = new ClientSecretCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, {
  authorityHost: AMLKEYS_URL,
  disableInstanceDiscovery: true,
});
const client = new AzureMachineLearningWorkspaces(credential, AMLKEYS_SUBSCRIPTION, {
  endpoint: AMLKEYS_URL,
  apiVersion: AMLKEYS_API_VERSION,
  credentialScopes: "https://management.azure.com/.default",
});

const answers = [];
client.pipeline.addPolicy(
  {
    name: "noteAnswers",
    async sendRequest(request, next) {
      const response = await next(request);
      const retryAfter = response.headers.get("retry-after");
      answers.push({ status: response.status, ...(retryAfter && { retryAfter }) });
      return response;
    },
  },
  { afterPhase: "Retry" },
);

async function answersOf(call) {
  answers.length = 0;
  await call;
  return [...answers];
}

async function failure(call) {
  try {
    await call;
  } catch (error) {
    return { status: error.statusCode, code: error.code };
  }
  throw new Error("the call was to fail");
}

const { workspaces, computeOperations: computes } = client;
const report = {
  workspaceKeys: await workspaces.listKeys("testrg123", "workspaces123"),
  computeKeys: await computes.listKeys("testrg123", "workspaces123", "compute123"),
  notFound: await failure(workspaces.listKeys("testrg123", "no-such-workspace")),
  forbidden: await failure(workspaces.listKeys("lockedrg", "lockedworkspace")),
  throttled: await answersOf(computes.listKeys("testrg123", "workspaces123", "throttled")),
};
console.log(JSON.stringify(canonical(report), null, 2));

/** Sorted and without nulls, as the other reports are. */
function canonical(value) {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([, it]) => it !== null && it !== undefined);
  kept.sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(kept.map(([key, it]) => [key, canonical(it)]));
}
