/** People in a simulated house: they open rooms, talk, call upon agents, change their minds, and ask again when no answer came. */
import type { PostInput, Principal } from "#actors/kit/doors.ts";
import type { Reply } from "#actors/kit/reply.ts";
import { type AgentId, childId, type RoomId, type UserId } from "#events/kit/ids.ts";
import { messageCommand } from "#events/room/decide.ts";
import type { Chance } from "./chance.ts";
import type { Chronicle } from "./chronicle.ts";
import type { VirtualClock } from "./clock.ts";
import type { Tell } from "./invariants.ts";
import { granted } from "./minds.ts";
import type { Network } from "./network.ts";
import type { Kind, Platform } from "./platform.ts";
import type { Exchange } from "./sockets.ts";
import { Watcher } from "./watchers.ts";
import type { Presence } from "./reckoning.ts";

/** Who there is, and what they own; drawn from the seed before anything happens. */
export interface Plan {
  readonly people: ReadonlyArray<Principal>;
  readonly rooms: ReadonlyArray<{ readonly roomId: RoomId; readonly kind: "public" | "private" | "direct" }>;
  readonly agents: ReadonlyArray<{ readonly agentId: AgentId; readonly name: string }>;
  /** What each person does before they fall silent. */
  readonly deeds: number;
}

export interface Town {
  readonly plan: Plan;
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly network: Network;
  readonly platform: Platform;
  readonly chronicle: Chronicle;
  readonly exchange: Exchange;
  readonly tell: Tell;
  /** Faults are over: whoever asks, asks until they are answered. */
  readonly calm: () => boolean;
}

const names = ["Ada", "Bo", "Cy"];
const everybody = ["dana", "eli", "host", "other"];

export function planOf(chance: Chance): Plan {
  const kinds = ["public", "private", "direct"] as const;
  return {
    people: everybody.slice(0, chance.between(1, 4)).map((name) => ({
      ...{ userId: `user_${name}` as UserId, name, roles: ["participant"] as const },
    })),
    rooms: Array.from({ length: chance.between(1, 3) }, (_, index) => ({
      roomId: childId<RoomId>("room", "sim", String(index)),
      kind: index === 0 ? "public" : chance.pick(kinds),
    })),
    agents: names.slice(0, chance.between(1, 3)).map((name) => ({
      ...{ agentId: childId<AgentId>("agent", "sim", name), name },
    })),
    deeds: chance.between(2, 8),
  };
}

/** A message that its author was told is in the room. */
interface Said {
  readonly by: UserId;
  readonly roomId: RoomId;
  readonly commandId: string;
  readonly input: PostInput;
  readonly id: string;
  readonly seq: number;
}

interface Page {
  readonly messages: ReadonlyArray<{ readonly id: string; readonly text: string | null }>;
}

const settings = (name: string) => ({
  ...{ name, description: "", provider: "demo", model: "demo-1", systemPrompt: "Be brief.", memoryEnabled: true },
});

export class People {
  readonly #town: Town;
  readonly said: Said[] = [];
  readonly #watchers = new Map<string, Watcher>();
  #open = new Set<RoomId>();
  #commands = 0;
  #busy = 0;

  constructor(town: Town) {
    this.#town = town;
  }

  /** True when everybody has done what they wanted. */
  get silent(): boolean {
    return this.#busy === 0;
  }

  /** Everybody begins; the first of them sets the house up. */
  begin(): void {
    for (const [index, by] of this.#town.plan.people.entries()) {
      this.#live(async () => {
        await this.#ask("USER", by.userId, "arrive", [by]);
        if (index === 0) await this.#setUp(by);
        for (let deed = 0; deed < this.#town.plan.deeds; deed++) {
          await this.#pause(4_000);
          await this.#act(by);
        }
      });
    }
  }

  /** Says something to everybody who is in a room, as somebody who is there. */
  greet({ roomId, people, agents }: Presence): void {
    const by = this.#town.plan.people.find(({ userId }) => people.has(userId));
    if (by === undefined) return;
    const text = [...agents.values()].map((name) => `@${name} hello?`).join(" ");
    this.#live(() => this.#post(by, roomId as RoomId, { text }));
  }

  /** Reads a room again: everything that was said, in its order, word for word. */
  readAgain({ roomId, people }: Presence): void {
    const by = this.#town.plan.people.find(({ userId }) => people.has(userId));
    if (by === undefined) return;
    this.#live(async () => {
      const reply = await this.#command<Page>("ROOM", roomId, "messages", [by, { after: 0, limit: 1_000 }]);
      if (reply?.outcome !== "accepted") return this.#town.tell("words", `${roomId} cannot be read`);
      const { messages } = reply.value;
      const posted = this.#town.chronicle.of(`room:${roomId}`).filter(({ type }) => type === "MessagePosted");
      const written = new Map(this.said.map(({ id, input }) => [id, input.text]));
      for (const [index, { seq, open }] of posted.entries()) {
        const { id, text } = messages[index] ?? {};
        if (id !== open["messageId"]) this.#town.tell("words", `${seq} of ${roomId} is not read in its place`);
        if (text?.length !== open["chars"] || (written.get(id!) ?? text) !== text)
          this.#town.tell("words", `${seq} of ${roomId} does not say what was said`);
      }
    });
  }

  #live(life: () => Promise<unknown>): void {
    this.#busy += 1;
    life().finally(() => {
      this.#busy -= 1;
    });
  }

  #pause(most: number): Promise<void> {
    return this.#town.clock.sleep(this.#town.chance.between(1, most), "a person acts");
  }

  // ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Asks until there is an answer, or until patience is at an end: then nobody knows whether it was done. */
  async #ask<A>(kind: Kind, name: string, method: string, values: ReadonlyArray<unknown>): Promise<A | undefined> {
    const { clock, chance, network, platform, calm } = this.#town;
    const patience = chance.between(1, 6);
    for (let attempt = 1; ; attempt++) {
      try {
        return (await network.call(undefined, platform.object(kind, name), method, values)) as A;
      } catch {
        if (attempt >= patience && !calm()) return undefined;
        await clock.sleep(chance.between(50, 3_000), `${method} again`);
      }
    }
  }

  /** As above, for what answers with a reply: what was accepted must be safe in that very moment, and stay so. */
  async #command<A>(kind: Kind, name: string, method: string, values: ReadonlyArray<unknown>) {
    const reply = await this.#ask<Reply<A>>(kind, name, method, values);
    const { platform, chronicle, tell } = this.#town;
    const { stream } = platform.object(kind, name);
    if (reply?.outcome === "accepted" && chronicle.of(stream).length < reply.seq)
      tell("loss", `${method} was answered with ${reply.seq} of ${stream}, where ${chronicle.of(stream).length} are safe`);
    return reply;
  }

  #commandId(): string {
    return childId("command", "sim", String(this.#commands++));
  }

  // ── doing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #setUp(by: Principal): Promise<void> {
    const { rooms, agents, people } = this.#town.plan;
    const { chance } = this.#town;
    for (const { agentId, name } of agents) {
      const tools = granted.map((tool) => ({ name: tool, mode: "allow" as const }));
      await this.#command("AGENT", agentId, "create", [by, this.#commandId(), agentId, { ...settings(name), tools }]);
    }
    for (const { roomId, kind } of rooms) {
      await this.#command("ROOM", roomId, "open", [by, this.#commandId(), { roomId, name: "Room", kind }]);
      this.#open.add(roomId);
      const here = kind === "direct" ? agents.slice(0, 1) : agents.filter(() => chance.maybe(0.8));
      for (const { agentId, name } of here) await this.#invite(by, roomId, agentId, name);
      if (kind === "private")
        for (const { userId, name } of people)
          await this.#command("ROOM", roomId, "addPerson", [by, this.#commandId(), userId, name]);
    }
  }

  /** Only somebody who exists can be found to be invited. */
  async #invite(by: Principal, roomId: RoomId, agentId: AgentId, name: string): Promise<void> {
    if (this.#town.chronicle.of(`agent:${agentId}`).length === 0) return;
    await this.#command("ROOM", roomId, "inviteAgent", [by, this.#commandId(), agentId, name]);
  }

  async #act(by: Principal): Promise<void> {
    const { chance, plan } = this.#town;
    if (this.#open.size === 0) return this.#pause(2_000);
    const roomId = chance.pick([...this.#open]);
    const { agentId, name } = chance.pick(plan.agents);
    const deed = chance.weighted<() => Promise<unknown>>([
      [10, () => this.#post(by, roomId, { text: `@${name} what is this?` })],
      [5, () => this.#post(by, roomId, { text: names.map((other) => `@${other}`).join(" and ") })],
      [3, () => this.#post(by, roomId, { text: "Nice weather." })],
      [3, () => this.#post(by, roomId, { text: "Go on.", invoke: agentId })],
      [3, () => this.#answer(by, roomId)],
      [2, () => this.#post(by, roomId, { text: `@${name} please remember that I like tea.` })],
      [3, () => this.#repeat(by)],
      [2, () => this.#command("ROOM", roomId, "join", [by, this.#commandId()])],
      [1.5, () => this.#invite(by, roomId, agentId, name)],
      [1.5, () => this.#command("ROOM", roomId, "dismissAgent", [by, this.#commandId(), agentId])],
      [0.5, () => this.#command("ROOM", roomId, "removePerson", [by, this.#commandId(), by.userId])],
      [4, async () => this.#watch(by, roomId)],
      [4, () => this.#push(by, roomId, agentId)],
      [1.5, () => this.#comeAndGo(by, roomId, agentId, name)],
      [1, () => this.#rename(by, agentId, name)],
      [1, () => this.#command("AGENT", agentId, "setActive", [by, this.#commandId(), chance.maybe(0.6)])],
      [0.2, () => this.#command("AGENT", agentId, "remove", [by, this.#commandId()])],
    ]);
    await deed();
  }

  /** Sits down before the room, or gets up again. */
  #watch(by: Principal, roomId: RoomId): void {
    const place = `${by.userId} ${roomId}`;
    const { chance, platform } = this.#town;
    const sitting = this.#watchers.get(place);
    if (sitting?.joined && chance.maybe(0.3)) sitting.leave();
    if (sitting !== undefined) return;
    const watcher = new Watcher(this.#town, by, platform.object("ROOM", roomId));
    this.#watchers.set(place, watcher);
    watcher.connect();
  }

  /** Says something over the socket, or calls upon an agent without a word. */
  async #push(by: Principal, roomId: RoomId, agentId: AgentId): Promise<void> {
    const watcher = this.#watchers.get(`${by.userId} ${roomId}`);
    const client_msg_id = String(this.#commands++);
    if (this.#town.chance.maybe(0.5)) await watcher?.push("invoke_agent", { agent_id: agentId, client_msg_id });
    else await watcher?.push("new_message", { text: "Hello, all.", client_msg_id });
  }

  /** Whoever watches has seen everything. */
  checkWatchers(): void {
    for (const watcher of this.#watchers.values()) watcher.checkLevel();
  }

  /** Brought in by mistake, and sent away again at once. */
  async #comeAndGo(by: Principal, roomId: RoomId, agentId: AgentId, name: string): Promise<void> {
    const dismiss = () => this.#command("ROOM", roomId, "dismissAgent", [by, this.#commandId(), agentId]);
    await dismiss();
    await this.#invite(by, roomId, agentId, name);
    await dismiss();
  }

  async #post(by: Principal, roomId: RoomId, input: PostInput): Promise<void> {
    const { chance } = this.#town;
    const commandId = messageCommand(by.userId, String(this.#commands++));
    if (!this.#town.plan.rooms.some((room) => room.roomId === roomId && room.kind === "private"))
      await this.#command("ROOM", roomId, "join", [by, childId("command", by.userId, `join ${roomId}`)]);
    const said = await this.#say(by, { roomId, commandId, input });
    if (said === undefined) return;
    this.said.push(said);
    if (input.invoke !== undefined && chance.maybe(0.5))
      await this.#ask("AGENT", input.invoke, "outcome", [said.id, chance.between(100, 20_000)]);
  }

  async #say(by: Principal, message: Pick<Said, "roomId" | "commandId" | "input">): Promise<Said | undefined> {
    const { roomId, commandId, input } = message;
    const reply = await this.#command<{ id: string; seq: number }>("ROOM", roomId, "post", [by, commandId, input]);
    if (reply?.outcome !== "accepted") return undefined;
    const { id, seq } = reply.value;
    const event = this.#town.chronicle.of(`room:${roomId}`)[seq - 1];
    if (event?.open["messageId"] !== id) this.#town.tell("loss", `${id} was taken as ${seq} of ${roomId} and is not there`);
    return { ...message, by: by.userId, id, seq };
  }

  /** Answers an agent, whatever it said. */
  async #answer(by: Principal, roomId: RoomId): Promise<void> {
    const replies = this.#town.chronicle
      .of(`room:${roomId}`)
      .filter(({ type, open }) => type === "MessagePosted" && open["turn"] !== null);
    if (replies.length === 0) return;
    const replyTo = String(this.#town.chance.pick(replies).open["messageId"]);
    await this.#post(by, roomId, { text: "Why?", replyTo });
  }

  /** The same request once more, as a client does whose line broke: the same answer. Other words under its id: refused. */
  async #repeat(by: Principal): Promise<void> {
    const { chance, tell } = this.#town;
    const mine = this.said.filter((said) => said.by === by.userId);
    if (mine.length === 0) return;
    const { id, seq, ...message } = chance.pick(mine);
    if (chance.maybe(0.3)) {
      const input = { ...message.input, text: `${message.input.text} Or not.` };
      const reply = await this.#ask<Reply>("ROOM", message.roomId, "post", [by, message.commandId, input]);
      if (reply?.outcome === "accepted") tell("L2", `${message.commandId} was taken with other words`);
      return;
    }
    const again = await this.#say(by, message);
    if (again !== undefined && (again.id !== id || again.seq !== seq))
      tell("L2", `${message.commandId} was ${id} (${seq}) first and ${again.id} (${again.seq}) then`);
  }

  #rename(by: Principal, agentId: AgentId, name: string) {
    const { chance } = this.#town;
    const input = { name: chance.maybe(0.5) ? name : `${name}${chance.between(2, 9)}` };
    return this.#command("AGENT", agentId, "change", [by, this.#commandId(), input]);
  }
}
