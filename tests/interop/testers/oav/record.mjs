// Asks the emulator for the keys of all sorts of things and writes each exchange as oav reads it.
// usage: node record.mjs FOLDER

import { writeFileSync } from "node:fs";

const { AMLKEYS_URL, AMLKEYS_TOKEN, AMLKEYS_SUBSCRIPTION, AMLKEYS_API_VERSION } = process.env;
const [folder] = process.argv.slice(2);

const computes = [
  "compute123",
  "aks",
  "databricks",
  "virtualmachine",
  "amlcompute",
  "quantum",
  "no-such-compute",
];
const names = [
  "testrg123/workspaces123",
  "testrg123/fullworkspace",
  "testrg123/no-such-workspace",
  "lockedrg/lockedworkspace",
  ...computes.map((compute) => `testrg123/workspaces123/computes/${compute}`),
];

for (const [number, name] of names.entries()) {
  const [group, ...rest] = name.split("/");
  const path =
    `/subscriptions/${AMLKEYS_SUBSCRIPTION}/resourceGroups/${group}` +
    `/providers/Microsoft.MachineLearningServices/workspaces/${rest.join("/")}` +
    `/listKeys?api-version=${AMLKEYS_API_VERSION}`;
  const headers = { authorization: `Bearer ${AMLKEYS_TOKEN}` };
  const response = await fetch(AMLKEYS_URL + path, { method: "POST", headers });
  const exchange = {
    liveRequest: { method: "POST", url: `https://management.azure.com${path}`, headers: {}, body: null },
    liveResponse: {
      statusCode: String(response.status),
      headers: Object.fromEntries(response.headers),
      body: await response.json(),
    },
  };
  writeFileSync(`${folder}/${number}.json`, JSON.stringify(exchange, null, 2));
}
