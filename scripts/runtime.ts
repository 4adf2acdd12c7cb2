/** Runs the built Worker on this machine: workerd under miniflare, as wrangler does, without wrangler's development proxy; used by start. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4MiniflareOptions } from "miniflare";

/** What a running program needs to be told. */
export interface RuntimeOptions {
  readonly port: number;
  /** The folder of everything it keeps, laid out as wrangler's `--persist-to`. */
  readonly state: string;
  readonly variables: Readonly<Record<string, string>>;
  /** The folder that `buildWorker` answered. */
  readonly built: string;
}

/**
 * Starts it on loopback and answers when it listens. A runtime that dies is started again on the same port.
 *
 * `wrangler dev` would put a second runtime in front, for reloading: it took a fifth of a plain turn's CPU, 330 MiB and
 * 1.5 s of the start, and stayed deaf after its runtime was killed (wrangler 4.155).
 */
export async function startRuntime(options: RuntimeOptions): Promise<void> {
  const worker = JSON.parse(readFileSync(join(options.built, "worker.json"), "utf8")) as V4MiniflareOptions;
  const runtime = new Miniflare({
    ...convertV4MiniflareOptions({
      ...worker,
      name: "troupe",
      modules: [{ type: "ESModule", path: resolve(options.built, "worker.js") }],
      modulesRoot: resolve(options.built),
      bindings: options.variables,
      host: "127.0.0.1",
      port: options.port,
      cf: false, // the real one would be asked of Cloudflare
      log: new Log(LogLevel.WARN),
    }),
    logRequests: false,
    resourcePersistencePath: join(options.state, "v3"),
  });
  await runtime.ready;
}
