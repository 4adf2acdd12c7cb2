/** What `cloudflare:workers` is in a simulated run, and the globals beside it; vitest.config.mts and scripts/sim.ts put it in place. */

export class DurableObject<Env = unknown> {
  protected readonly ctx: unknown;
  protected readonly env: Env;

  constructor(ctx: unknown, env: Env) {
    this.ctx = ctx;
    this.env = env;
  }
}

export const env = {};

interface Attached {
  readonly line: { attachment: unknown };
}

Object.assign(globalThis, { WebSocketRequestResponsePair: class {} });
// partyserver reaches for the platform's own methods, past what it has put onto a socket.
Object.assign(WebSocket, { READY_STATE_OPEN: WebSocket.OPEN });
Object.assign(WebSocket.prototype, {
  serializeAttachment(this: Attached, value: unknown) {
    this.line.attachment = structuredClone(value);
  },
  deserializeAttachment(this: Attached) {
    return structuredClone(this.line.attachment);
  },
});
