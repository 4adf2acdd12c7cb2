/** What `cloudflare:workers` is in a simulated run, and the one global beside it; vitest.config.mts and scripts/sim.ts put it in place. */

export class DurableObject<Env = unknown> {
  protected readonly ctx: unknown;
  protected readonly env: Env;

  constructor(ctx: unknown, env: Env) {
    this.ctx = ctx;
    this.env = env;
  }
}

export const env = {};

Object.assign(globalThis, { WebSocketRequestResponsePair: class {} });
