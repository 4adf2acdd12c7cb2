/** HTTP to a program on this machine over connections that stay open, with little work of its own; used by program.ts and parts/. */
import { Agent, request } from "node:http";

/** A server may close what was idle for five seconds just when we use it again: after three we close it ourselves. */
const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: 3_000 });

/** Sends JSON, reads the whole answer. @throws with the answer's beginning when the status is no success. */
export function call<Answer>(
  method: "GET" | "POST" | "PUT",
  url: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const length = text === undefined ? {} : { "content-length": String(Buffer.byteLength(text)) };
    const options = { method, agent, headers: { "content-type": "application/json", ...length, ...headers } };
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const answer = Buffer.concat(chunks).toString();
        const status = response.statusCode ?? 0;
        if (status < 200 || status > 299) reject(new Error(`${method} ${url}: ${status} ${answer.slice(0, 300)}`));
        else resolve(JSON.parse(answer === "" ? "{}" : answer) as Answer);
      });
    });
    sent.once("error", reject);
    sent.setTimeout(600_000, () => sent.destroy(new Error(`${method} ${url}: no answer for ten minutes`)));
    sent.end(text);
  });
}
