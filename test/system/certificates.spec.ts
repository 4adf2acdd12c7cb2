/** Models behind TLS, as all real providers are: the running program speaks it, and to nobody whose certificate it cannot trust. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { forget, newState, type Program, startProgram } from "../support/program.ts";
import { anthropicFrames, chatFrames } from "../support/provider-words.ts";

const state = newState();
const stops: Array<() => Promise<unknown>> = [];
let program: Program;

/** A certificate for `localhost` that nobody else has signed, with its key. Node reads certificates and makes none. */
function certificate(name: string) {
  const [cert, key] = [join(state, `${name}.pem`), join(state, `${name}-key.pem`)];
  const request = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"];
  const making = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert];
  execFileSync("openssl", ["req", "-x509", ...request, ...making], { stdio: "pipe" });
  return { file: cert, cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

/** A provider that answers whatever it is asked with one sentence, once it is known by its certificate. */
async function provider(identity: { readonly cert: string; readonly key: string }, frames: ReadonlyArray<string>) {
  const asked: string[] = [];
  const server = createServer(identity, (request, response) => {
    asked.push(String(request.url));
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": "text/event-stream" }).end(frames.join(""));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stops.push(() => new Promise((done) => server.close(done)));
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, asked };
}

const [trusted, stranger] = [certificate("trusted"), certificate("stranger")];
const anthropic = await provider(trusted, anthropicFrames({ says: ["Said ", "in secret."], ends: "end" }));
const openai = await provider(stranger, chatFrames({ says: ["Never heard."], ends: "end" }));

beforeAll(async () => {
  const servers = { ANTHROPIC_BASE_URL: anthropic.url, OPENAI_BASE_URL: `${openai.url}/v1` };
  program = await startProgram({ state, settings: { ...servers, NODE_EXTRA_CA_CERTS: trusted.file } });
});
afterAll(async () => {
  await program?.kill();
  await Promise.all(stops.map((stop) => stop()));
  forget(state);
});

async function call<Body>(path: string, body: unknown, token?: string): Promise<Body> {
  const response = await fetch(`${program.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  return (await response.json()) as Body;
}

it("a provider is asked over TLS where its certificate is one that Node was told to trust, and no other is", async () => {
  const { token } = await call<{ token: string }>("/dev/token", { user: "dana", roles: ["admin"] });
  const told = async (llm_provider: string, model_name: string) => {
    const settings = { name: "Ida", llm_provider, model_name, system_prompt: "Be kind." };
    const { id } = await call<{ id: string }>("/api/agents", settings, token);
    return call<{ readonly reply?: { readonly text: string }; readonly type?: string }>(
      `/api/agents/${id}/chat`,
      { message: "Hello" },
      token,
    );
  };
  expect((await told("anthropic", "claude-sonnet-4-5")).reply?.text).toBe("Said in secret.");
  expect(anthropic.asked).toEqual(["/v1/messages"]);
  expect(await told("openai", "gpt-4")).toMatchObject({ type: expect.stringContaining("provider") });
  expect(openai.asked).toEqual([]);
});
