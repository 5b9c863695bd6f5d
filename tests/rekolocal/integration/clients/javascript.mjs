// AWS SDK for JavaScript v3 as one process: a line of JSON in, [operation, request, blobs]; a line out, {reply} or
// {code, message}. `blobs`: files with the bytes of a request's images, by member.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import * as rekognition from "@aws-sdk/client-rekognition";

const client = new rekognition.RekognitionClient({ endpoint: process.argv[2], maxAttempts: 1 });

for await (const line of createInterface({ input: process.stdin })) {
  const [operation, request, blobs] = JSON.parse(line);
  for (const [name, path] of Object.entries(blobs)) request[name] = { Bytes: readFileSync(path) };
  let answer;
  try {
    const { $metadata, ...reply } = await client.send(new rekognition[`${operation}Command`](request));
    answer = { reply };
  } catch (error) {
    answer = { code: error.name, message: error.message, members: { Code: error.Code } };
  }
  console.log(JSON.stringify(answer));
}
