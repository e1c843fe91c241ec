// Calls the echo service in every way that matters and prints what it saw as one JSON object.
// Usage: node client.js TARGET PROTO
"use strict";

const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const [target, proto] = process.argv.slice(2);
const definition = loader.loadSync(proto, { keepCase: true, longs: Number });
const { Echo } = grpc.loadPackageDefinition(definition).cream.test.echo.v1;

function connect(options) {
  return new Echo(target, grpc.credentials.createInsecure(), options);
}

function failure(error) {
  const packed = error.metadata && error.metadata.get("grpc-status-details-bin")[0];
  return {
    code: error.code,
    details: error.details,
    packed: packed ? packed.toString("base64") : null,
  };
}

function unary(client, script, metadata = new grpc.Metadata(), options = {}) {
  return new Promise((resolve) => {
    const seen = {};
    const call = client.Unary(script, metadata, options, (error, reply) => {
      Object.assign(seen, error ? failure(error) : { code: 0, reply });
    });
    call.on("metadata", (initial) => (seen.initial = initial.getMap()["x-text"]));
    call.on("status", (status) => {
      seen.trailing = status.metadata.getMap()["x-text"];
      setImmediate(() => resolve(seen));
    });
  });
}

function collect(call, onData = () => {}) {
  return new Promise((resolve) => {
    const texts = [];
    let code = null;
    call.on("data", (reply) => {
      texts.push(reply.text);
      onData(reply);
    });
    call.on("error", (error) => (code = error.code));
    call.on("status", (status) => setImmediate(() => resolve({ code: code ?? status.code, texts })));
  });
}

async function main() {
  const client = connect();
  const zipped = connect({ "grpc.default_compression_algorithm": 2 });
  const seen = {};
  const metadata = new grpc.Metadata();
  metadata.set("x-text", "words");
  const hello = { payload: { text: "grüß", numbers: [1, 2] } };

  seen.unary = await unary(client, hello);
  seen.metadata = await unary(
    client, { ...hello, initial_metadata: true, trailing_metadata: true }, metadata);
  seen.error = await unary(
    client, { status: 3, message: "größer als 100 %", with_details: true, at_once: true });
  seen.fault = await unary(client, { fault: true, at_once: true });
  seen.zipped = await unary(zipped, { payload: { text: "z".repeat(50000) } });
  seen.large = await unary(client, { payload: { body: Buffer.alloc(1000000) } });
  seen.large.reply = seen.large.reply && seen.large.reply.body.length;
  seen.zipped.reply = seen.zipped.reply && seen.zipped.reply.text.length;

  seen.stream = await collect(client.ServerStream({ ...hello, replies: 5 }));
  seen.broken = await collect(client.ServerStream({ ...hello, replies: 2, status: 10 }));

  const bidi = client.Bidi();
  seen.bidi = collect(bidi, (reply) => {
    if (reply.text === "c") bidi.end();
    else bidi.write({ payload: { text: String.fromCharCode(reply.text.charCodeAt(0) + 1) }, replies: 1 });
  });
  bidi.write({ payload: { text: "a" }, replies: 1 });
  seen.bidi = await seen.bidi;

  seen.clientStream = await new Promise((resolve) => {
    const call = client.ClientStream((error, reply) => resolve(error ? failure(error) : reply.text));
    for (const text of ["a", "b", "c"]) call.write({ payload: { text } });
    call.end();
  });

  const began = Date.now();
  const deadline = { deadline: new Date(began + 200) };
  seen.deadline = await unary(client, { ...hello, wait_milliseconds: 60000 }, undefined, deadline);

  const cancelled = client.ServerStream({ ...hello, replies: 1, wait_milliseconds: 60000 });
  seen.cancelled = await collect(cancelled, () => cancelled.cancel());

  const many = Array.from({ length: 200 }, (_, n) => unary(client, { payload: { numbers: [n] } }));
  seen.many = (await Promise.all(many)).filter((one) => one.code === 0).length;

  client.close();
  zipped.close();
  console.log(JSON.stringify(seen));
}

main();
