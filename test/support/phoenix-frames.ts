/** A client of a room's socket that hides nothing: every frame is sent and kept as it is on the wire; used by the specs of sockets. */
import { expect } from "vitest";

/** `[join_ref, ref, topic, event, payload]`. */
export type WireFrame = readonly [string | null, string | null, string, string, Readonly<Record<string, unknown>>];

export interface Reply {
  readonly status: "ok" | "error";
  readonly response: Readonly<Record<string, unknown>>;
}

/** What workerd's, Node's and partysocket's sockets have in common. */
export interface WireSocket {
  send(data: string | ArrayBuffer): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "close", listener: (event: { readonly code: number }) => void): void;
}

const PATIENCE_MS = 15_000;

export class FrameClient {
  /** All that came, oldest first. */
  readonly frames: WireFrame[] = [];
  closedWith: number | undefined;
  readonly topic: string;
  readonly #socket: WireSocket;
  readonly #waiting = new Set<() => void>();
  #refs = 0;
  #joinRef: string | null = null;

  constructor(socket: WireSocket, topic: string) {
    this.#socket = socket;
    this.topic = topic;
    socket.addEventListener("message", ({ data }) => {
      this.frames.push(JSON.parse(String(data)) as WireFrame);
      this.#look();
    });
    socket.addEventListener("close", ({ code }) => {
      this.closedWith = code;
      this.#look();
    });
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }

  send(data: string | ArrayBuffer): void {
    this.#socket.send(data);
  }

  close(): void {
    this.#socket.close(1000, "done");
  }

  nextRef(): string {
    this.#refs += 1;
    return String(this.#refs);
  }

  /** Resolves with what `look` finds among the frames, now or as soon as it comes. */
  until<A>(what: string, look: (frames: ReadonlyArray<WireFrame>) => A | undefined): Promise<A> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(
          new Error(`never came: ${what}; closed: ${this.closedWith}; last: ${JSON.stringify(this.frames.slice(-8))}`),
        );
      }, PATIENCE_MS);
      const check = () => {
        const found = look(this.frames);
        if (found === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      check();
    });
  }

  untilClosed(): Promise<number> {
    return this.until("the close", () => this.closedWith);
  }

  /** Sends a frame and waits for its answer. */
  async ask(
    event: string,
    payload: unknown = {},
    { topic = this.topic, joinRef = this.#joinRef, ref = this.nextRef() } = {},
  ): Promise<Reply> {
    this.send(JSON.stringify([joinRef, ref, topic, event, payload]));
    const [, , , , reply] = await this.until(`an answer to ${event} ${ref}`, (frames) =>
      frames.find((frame) => frame[1] === ref && frame[3] === "phx_reply"),
    );
    return reply as unknown as Reply;
  }

  /** Takes a seat; the refs are those of the stock client: a join's ref is its join_ref. */
  async join(payload: unknown = {}): Promise<Reply> {
    const ref = this.nextRef();
    this.#joinRef = ref;
    return this.ask("phx_join", payload, { joinRef: ref, ref });
  }

  /** Takes a seat that must be given, and waits until presence shows it is taken. */
  async joined(payload: unknown = {}): Promise<Reply["response"]> {
    const before = this.of("presence_state").length;
    const { status, response } = await this.join(payload);
    expect(status, JSON.stringify(response)).toBe("ok");
    await this.until("presence_state", () => this.of("presence_state")[before]);
    return response;
  }

  /** Payloads of all frames of an event. */
  of<Payload = Readonly<Record<string, unknown>>>(event: string): ReadonlyArray<Payload> {
    return this.frames.filter((frame) => frame[3] === event).map((frame) => frame[4] as unknown as Payload);
  }

  /** The first payload of an event that fits, now or later. */
  first<Payload = Readonly<Record<string, unknown>>>(
    event: string,
    fits: (payload: Payload) => boolean = () => true,
  ): Promise<Payload> {
    return this.until(`a ${event}`, () => this.of<Payload>(event).find(fits));
  }

  /** Everything durable, in the order it came: seqs of what was said and who came and went. */
  seqs(): ReadonlyArray<number> {
    return this.frames.flatMap(([, , , event, payload]) =>
      event !== "phx_reply" && typeof payload["seq"] === "number" ? [payload["seq"]] : [],
    );
  }

  /** What was said in the room, in the order it came, streamed pieces left out. */
  said(): ReadonlyArray<string> {
    return this.frames.flatMap(([, , , event, payload]) =>
      event === "message_created" || (event === "agent_message" && payload["phase"] === "end")
        ? [String(payload["text"])]
        : [],
    );
  }
}

/** Who is here according to presence frames, kept as the stock client keeps it: key → metas. */
export function presenceOf({
  frames,
}: FrameClient): Readonly<Record<string, ReadonlyArray<{ readonly phx_ref: string; readonly status: string }>>> {
  type Metas = ReadonlyArray<{ readonly phx_ref: string; readonly status: string }>;
  type State = Record<string, { readonly metas: Metas }>;
  const here = new Map<string, Metas>();
  for (const [, , , event, payload] of frames) {
    if (event === "presence_state") {
      here.clear();
      for (const [key, { metas }] of Object.entries(payload as unknown as State)) here.set(key, metas);
    }
    if (event !== "presence_diff") continue;
    const { joins, leaves } = payload as unknown as { readonly joins: State; readonly leaves: State };
    for (const [key, { metas }] of Object.entries(joins)) {
      const refs = new Set(metas.map(({ phx_ref }) => phx_ref));
      here.set(key, [...metas, ...(here.get(key) ?? []).filter(({ phx_ref }) => !refs.has(phx_ref))]);
    }
    for (const [key, { metas }] of Object.entries(leaves)) {
      const refs = new Set(metas.map(({ phx_ref }) => phx_ref));
      const left = (here.get(key) ?? []).filter(({ phx_ref }) => !refs.has(phx_ref));
      if (left.length > 0) here.set(key, left);
      else here.delete(key);
    }
  }
  return Object.fromEntries(here);
}
