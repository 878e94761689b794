// How many events a second ajv judges: node judge.js SCHEMA EVENTS SECONDS
//
// EVENTS is a file with one event a line. Each is parsed and judged by the compiled schema, over and over. Prints a line of JSON.
"use strict";

const fs = require("node:fs");
const Ajv = require("ajv");
const addFormats = require("ajv-formats");

const [schemaPath, eventsPath, seconds] = process.argv.slice(2);
const ajv = new Ajv();
addFormats(ajv);
const validate = ajv.compile(JSON.parse(fs.readFileSync(schemaPath, "utf8")));
const events = fs.readFileSync(eventsPath, "utf8").split("\n").filter(Boolean);

function round() {
  for (const event of events) {
    if (!validate(JSON.parse(event))) throw new Error(ajv.errorsText(validate.errors));
  }
}

for (let i = 0; i < 20; i++) round(); // what V8 compiles is compiled by now
const begin = process.hrtime.bigint();
const cpu = process.cpuUsage();
const end = begin + BigInt(Math.round(Number(seconds) * 1e9));
let n = 0;
do {
  round();
  n += events.length;
} while (process.hrtime.bigint() < end);
const spent = process.cpuUsage(cpu);
console.log(JSON.stringify({
  events: n,
  seconds: Number(process.hrtime.bigint() - begin) / 1e9,
  cpu_s: (spent.user + spent.system) / 1e6,
}));
