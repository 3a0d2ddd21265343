// Holds what oav found against what is accepted, both ways.
// usage: node judge.mjs REPORT

import { readFileSync } from "node:fs";

const [file] = process.argv.slice(2);
const report = JSON.parse(readFileSync(file, "utf8"));
const list = new URL("../accepted-by-oav.json", import.meta.url);
const accepted = JSON.parse(readFileSync(list, "utf8")).map(key);
const found = report.errors.map(key);

function key({ operationId, errorCode, errorMessage }) {
  return `${operationId}: ${errorCode}: ${errorMessage}`;
}

const complaints = [
  ...found.filter((it) => !accepted.includes(it)).map((it) => `not listed: ${it}`),
  ...accepted.filter((it) => !found.includes(it)).map((it) => `listed, but not found any more: ${it}`),
];
if (report.coveredOperations !== 2) complaints.push(`${report.coveredOperations} of 2 operations were seen`);
for (const complaint of complaints) console.error(complaint);
console.log(`oav: ${found.length} findings, ${complaints.length} complaints`);
process.exit(complaints.length === 0 ? 0 : 1);
