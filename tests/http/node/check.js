// Are these exchanges as the OpenAPI document says?  node check.js openapi.json exchanges.jsonl
//
// An exchange is {test, method, path, query, request, status, headers: [[name, value]…], body}; request and body only where they were
// JSON and are to be judged. What is not so is printed, a line each; exit status 1.
//
// A member that the document does not name is a drift here, though a client is to be prepared for one: so every schema that does not say
// additionalProperties is closed first.
"use strict";
const fs = require("fs");
const Ajv = require("ajv/dist/2020");
const addFormats = require("ajv-formats");

const document = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
const exchanges = fs.readFileSync(process.argv[3], "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));

// What web servers add, and what every message has: not the document's to describe.
const OF_HTTP = new Set(["accept-ranges", "content-type", "content-length", "transfer-encoding", "connection", "keep-alive", "date", "server"]);
const METHODS = ["get", "head", "post", "options", "put", "delete", "patch", "trace"];

for (const schema of Object.values(document.components.schemas)) {
    if (schema.type === "object" && schema.additionalProperties === undefined) schema.unevaluatedProperties = false;
}
const ajv = new Ajv({ strict: true, strictRequired: false, strictTypes: false, allErrors: true, validateSchema: true });
addFormats(ajv);
ajv.addVocabulary(["x-enumDescriptions"]);
ajv.addKeyword("components");
ajv.addSchema({ $id: "openapi.json", components: document.components }, undefined, undefined, false);

function find(reference) {
    return reference.slice(2).split("/").reduce((at, name) => at[name.replace(/~1/g, "/").replace(/~0/g, "~")], document);
}

const resolve = (value) => (value && value.$ref ? find(value.$ref) : value);

// The same schema, with references that lead into the document.
function absolute(schema) {
    return JSON.parse(JSON.stringify(schema), (name, value) => (name === "$ref" && value[0] === "#" ? "openapi.json" + value : value));
}

const validators = new Map();
function faults(schema, value) {
    if (!validators.has(schema)) validators.set(schema, ajv.compile(absolute(schema)));
    const validate = validators.get(schema);
    return validate(value) ? [] : validate.errors.map((error) => `${error.instancePath || "/"} ${error.message} ${JSON.stringify(error.params)}`);
}

const templates = Object.keys(document.paths).map((template) => ({
    template,
    pattern: new RegExp("^" + template.replace(/[.]/g, "\\.").replace(/\{[^}]+\}/g, "[^/]+") + "$"),
}));

function operationOf(exchange) {
    const found = templates.find(({ pattern }) => pattern.test(exchange.path));
    if (!found) return { name: exchange.path, fallback: "path" };
    const item = document.paths[found.template];
    const operation = item[METHODS.find((method) => method.toUpperCase() === exchange.method)]; // "get" is no GET (RFC 9110, section 9.1)
    if (!operation) return { name: `${exchange.method} ${found.template}`, fallback: "method" };
    return { name: `${exchange.method} ${found.template}`, item, operation };
}

// The answer that the document gives to this status; what it does not describe has one answer.
function responseOf({ fallback, operation }, status) {
    if (!fallback) return resolve(operation.responses[status]);
    const described = { path: 404, method: 405 }[fallback];
    return status === described ? resolve(document["x-undescribed"][fallback]) : undefined;
}

function typed(text, schema) {
    return schema.type === "integer" && /^-?\d+$/.test(text) ? Number(text) : text;
}

function judgeHeaders(exchange, response, tell) {
    const declared = new Map(Object.entries(response.headers).map(([name, header]) => [name.toLowerCase(), resolve(header)]));
    const came = new Map(exchange.headers.map(([name, value]) => [name.toLowerCase(), value]));
    for (const [name, header] of declared) {
        if (header.required && !came.has(name)) tell(`has no ${name}`);
    }
    for (const [name, value] of came) {
        if (OF_HTTP.has(name)) continue;
        if (!declared.has(name)) tell(`has ${name}, which is not described`);
        else faults(declared.get(name).schema, value).forEach((fault) => tell(`${name}: ${value}: ${fault}`));
    }
}

function judgeBody(exchange, response, tell) {
    const type = (exchange.headers.find(([name]) => name.toLowerCase() === "content-type") || ["", ""])[1].split(";")[0].trim();
    if (exchange.status === 204 || exchange.status === 304) return;
    const media = response.content[type];
    if (!media) tell(`is ${type || "of no type"}, which is not described`);
    else if (exchange.body !== undefined) faults(media.schema, exchange.body).forEach((fault) => tell(`body: ${fault}: ${JSON.stringify(exchange.body).slice(0, 300)}`));
}

// What was taken has to be what the document asks for.
function judgeRequest(exchange, item, operation, tell) {
    const parameters = [...item.parameters, ...(operation.parameters || [])].map(resolve).filter((parameter) => parameter.in === "query");
    const given = new URLSearchParams(exchange.query);
    if (exchange.request !== undefined) {
        const schema = operation.requestBody.content["application/json"].schema;
        faults(schema, exchange.request).forEach((fault) => tell(`took ${JSON.stringify(exchange.request).slice(0, 300)}: ${fault}`));
    }
    if (!parameters.length) return;
    for (const parameter of parameters) {
        if (parameter.required && !given.has(parameter.name)) tell(`took a query without ${parameter.name}`);
    }
    for (const [name, value] of given) {
        const parameter = parameters.find((one) => one.name === name);
        if (!parameter) tell(`took the parameter ${name}, which is not described`);
        else faults(parameter.schema, typed(value, parameter.schema)).forEach((fault) => tell(`took ${name}=${value}: ${fault}`));
    }
}

const told = new Map();
for (const exchange of exchanges) {
    const place = operationOf(exchange);
    const tell = (what) => {
        const text = `${place.name} ${exchange.status} ${what}`;
        if (!told.has(text)) told.set(text, exchange.test);
    };
    const response = responseOf(place, exchange.status);
    if (!response) {
        tell("is not described");
        continue;
    }
    judgeHeaders(exchange, response, tell);
    judgeBody(exchange, response, tell);
    if (place.operation && exchange.status < 400) judgeRequest(exchange, place.item, place.operation, tell);
}
for (const [text, test] of told) console.log(`${text}  (${test})`);
console.log(`${exchanges.length} exchanges`);
process.exit(told.size ? 1 : 0);
