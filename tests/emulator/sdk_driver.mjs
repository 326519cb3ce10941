// Runs the operations of an official npm package, as sdk_driver.py does for Python: one JSON line in and one out for
// each. Its arguments are the package's folder, the module that sets up its client, and the client's. A connection to
// another machine fails and is reported in the output.
import net from "node:net";
import path from "node:path";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const away = [];
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const first = Array.isArray(given[0]) ? given[0][0] : given[0];
  const host = typeof first === "object" ? first.host : given[1];
  if (host !== "127.0.0.1") {
    away.push(String(host));
    throw new Error(`nothing leaves this machine: ${host}`);
  }
  return connect.apply(this, given);
};

const [folder, setUp, ofClient] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(path.join(folder, "dist", "esm", file)));
await load(setUp); // with the environment's credential
const { client } = await load(ofClient);
const calls = Object.entries(await load("client/sdk.gen.js")).filter(([, call]) => typeof call === "function");
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function described(call) {
  const [, method] = call.toString().match(/_heyApiClient\)\.(\w+)\(/);
  const [, url] = call.toString().match(/url: '([^']+)'/);
  return [method.toUpperCase(), url.replace(/\{(\w+)\}/g, (_, name) => `{${snake(name)}}`)];
}

async function perform(step) {
  if (step.operation === "") return { operations: calls.map(([name, call]) => [name, ...described(call)]) };
  if (step.base) client.setConfig({ baseUrl: step.base });
  const call = Object.fromEntries(calls)[step.operation];
  const names = [...call.toString().matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const given = { path: Object.fromEntries(names.map((name) => [name, step.fill[snake(name)]])), query: step.query };
  given.headers = { "X-Blaxel-Authorization": `Bearer ${step.key}` };
  if (step.body !== undefined) given.body = step.body;
  const { data, error, response } = await call(given);
  return { status: response?.status ?? 0, parsed: data ?? null, error: error ?? null };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = await perform(JSON.parse(line));
  } catch (error) {
    answer = { raised: error.constructor.name, status: error.status ?? null, says: String(error) };
  }
  process.stdout.write(`${JSON.stringify({ ...answer, away })}\n`);
}
