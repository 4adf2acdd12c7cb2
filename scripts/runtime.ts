/** Runs the built Worker on this machine: workerd under miniflare, as wrangler does, with nothing in front of it; used by start. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { getCACertificates } from "node:tls";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type V4WorkerOptionsShape } from "miniflare";

const LOOPBACK = "127.0.0.1";

/** worker.json, as far as it is taken apart here. */
type BuiltWorker = V4WorkerOptionsShape & {
  readonly compatibilityDate: string;
  readonly assets: NonNullable<V4WorkerOptionsShape["assets"]> & { readonly binding: string };
};

/** What a running program needs to be told. */
export interface RuntimeOptions {
  readonly port: number;
  /** The folder of everything it keeps, laid out as wrangler's `--persist-to`. */
  readonly state: string;
  readonly variables: Readonly<Record<string, string>>;
  /** The folder that `buildWorker` answered. */
  readonly built: string;
}

/** The way out: everywhere, as miniflare's own, and with the certificates that Node was told to trust beside the system's. */
const network = () => ({
  network: {
    allow: ["public", "private"],
    tlsOptions: {
      trustBrowserCas: true,
      // Windows has no file of them that the runtime would find.
      trustedCertificates: [
        ...getCACertificates("extra"),
        ...(process.platform === "win32" ? getCACertificates("bundled") : []),
      ],
    },
  },
});

/** Miniflare starts a runtime that died again, once; where that one dies as well it says so here, and does no more. */
class RuntimeLog extends Log {
  readonly #lost: () => void;

  constructor(lost: () => void) {
    super(LogLevel.WARN);
    this.#lost = lost;
  }

  override error(message: Error): void {
    super.error(message);
    if ("code" in message && message.code === "ERR_RUNTIME_FAILURE") this.#lost();
  }
}

/** Whatever killed two runtimes in a row may kill a third; what is wrong for longer than some seconds stays wrong. */
const TRIES = 5;
const PAUSE_MS = 200;

/** Starts it anew, or ends the program: one that lives on without it would answer nobody, and tell nobody. */
async function startAgain(options: RuntimeOptions): Promise<void> {
  for (let tries = 1; tries <= TRIES; tries++) {
    try {
      return await startRuntime(options);
    } catch (cause) {
      if (tries === TRIES) console.error("troupe ends: the runtime does not come back:", cause);
      await sleep(PAUSE_MS * 2 ** tries);
    }
  }
  process.exit(1);
}

/**
 * Starts it on loopback and answers when it listens. A runtime that dies is started again on the same port.
 *
 * `wrangler dev` would put a second runtime in front, for reloading: it took a fifth of a plain turn's CPU, 330 MiB and
 * 1.5 s of the start, and stayed deaf after its runtime was killed (wrangler 4.155). Miniflare's own entry and its router
 * for assets are three more Workers before ours: an empty request took them 0.6 of 0.8 ms of CPU. So the port is ours
 * (`unsafeDirectSockets`), and the page is a Worker of its own behind a binding. It stands first, for their entry believes
 * whoever names another host, and opens any free port to the first.
 */
export async function startRuntime(options: RuntimeOptions): Promise<void> {
  const { assets, ...worker } = JSON.parse(readFileSync(join(options.built, "worker.json"), "utf8")) as BuiltWorker;
  const runtime: Miniflare = new Miniflare({
    ...convertV4MiniflareOptions({
      workers: [
        {
          name: "page",
          modules: true,
          script: "export default {}",
          compatibilityDate: worker.compatibilityDate,
          assets: { ...assets, routerConfig: { has_user_worker: false } },
        },
        {
          ...worker,
          name: "troupe",
          modules: [{ type: "ESModule", path: resolve(options.built, "worker.js") }],
          modulesRoot: resolve(options.built),
          bindings: options.variables,
          serviceBindings: { [assets.binding]: "page", OUTBOUND: network() },
          unsafeDirectSockets: [{ host: LOOPBACK, port: options.port }],
        },
      ],
      host: LOOPBACK,
      cf: false, // the real one would be asked of Cloudflare
      log: new RuntimeLog(async () => {
        await runtime.dispose().catch(() => {});
        await startAgain(options);
      }),
    }),
    logRequests: false,
    resourcePersistencePath: join(options.state, "v3"),
  });
  try {
    await runtime.ready;
  } catch (cause) {
    await runtime.dispose().catch(() => {});
    throw cause;
  }
}
