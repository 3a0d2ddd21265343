// Writes an excerpt of spec/ as Swagger 2.0, the only form that oav reads.
// usage: node to-swagger.mjs EXCERPT SWAGGER

import { readFileSync, writeFileSync } from "node:fs";

const [excerpt, swagger] = process.argv.slice(2);
const { info, paths, components } = JSON.parse(readFileSync(excerpt, "utf8"));

const resolve = (it) => (it.$ref ? components[it.$ref.split("/").at(-2)][it.$ref.split("/").at(-1)] : it);
const each = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

function parameter(it) {
  const { schema, ...rest } = resolve(it);
  return { ...rest, ...schema };
}

function response(it) {
  const { content, ...rest } = resolve(it);
  return { ...rest, schema: content["application/json"].schema };
}

function operation(it) {
  return { ...it, parameters: it.parameters.map(parameter), responses: each(it.responses, response) };
}

function schema(it) {
  const { discriminator, ...rest } = it;
  return discriminator ? { ...rest, discriminator: discriminator.propertyName } : rest;
}

const document = {
  swagger: "2.0",
  info,
  host: "management.azure.com",
  schemes: ["https"],
  produces: ["application/json"],
  paths: each(paths, (item) => each(item, operation)),
  definitions: each(components.schemas, schema),
};
writeFileSync(swagger, JSON.stringify(document, null, 2).replaceAll("#/components/schemas/", "#/definitions/"));
