/** People in a simulated house: they open rooms, talk, call upon agents, change their minds, and ask again when no answer came. */
import type { AgentInput, PostInput, Principal } from "#actors/kit/doors.ts";
import type { Reply } from "#actors/kit/reply.ts";
import { type AgentId, childId, type RoomId, type UserId, userName } from "#events/kit/ids.ts";
import { messageCommand } from "#events/room/decide.ts";
import type { RoomMode } from "#events/room/rhythm.ts";
import type { Chance } from "./chance.ts";
import type { Chronicle, Tell } from "./chronicle.ts";
import type { VirtualClock } from "./clock.ts";
import { everShreddedIn, shreddedIn } from "./erasures.ts";
import type { Exchange } from "./exchange.ts";
import type { Kind } from "./instance.ts";
import { granted } from "./minds.ts";
import type { Network } from "./network.ts";
import type { Plan } from "./plan.ts";
import type { Platform } from "./platform.ts";
import { demo, standIns } from "./prices.ts";
import type { Presence } from "./reckoning.ts";
import type { Speech } from "./speech.ts";
import type { Stops } from "./stops.ts";
import { Watcher } from "./watchers.ts";

export interface Town {
  readonly plan: Plan;
  readonly clock: VirtualClock;
  readonly chance: Chance;
  readonly network: Network;
  readonly platform: Platform;
  readonly chronicle: Chronicle;
  readonly exchange: Exchange;
  readonly speech: Speech;
  readonly stops: Stops;
  readonly tell: Tell;
  /** Hears of what is worth counting. */
  readonly note: (what: string) => void;
  /** Nothing goes wrong just now: whoever asks, asks until they are answered. */
  readonly calm: () => boolean;
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
  readonly messages: ReadonlyArray<{ readonly id: string; readonly text: string | null; readonly turn_id?: string }>;
}

const modes: ReadonlyArray<RoomMode> = ["mention", "natural", "list", "pooled", "manual"];

const settings = ({ name, budget, standIn, model = demo }: Plan["agents"][number]): AgentInput => ({
  ...{ name, description: "", ...model, systemPrompt: "Be brief.", memoryEnabled: true },
  tools: granted.map((tool) => ({ name: tool, mode: "allow" })),
  ...{ fallbacks: standIn === undefined ? [] : [standIn], ...(budget === undefined ? {} : { budget }) },
});

export class People {
  readonly #town: Town;
  readonly #said: Said[] = [];
  readonly #watchers = new Map<string, Watcher>();
  readonly #rooms = new Set<RoomId>();
  #commands = 0;
  #waiting = 0;
  #settled = false;

  constructor(town: Town) {
    this.#town = town;
  }

  /** True when rooms and agents are there, as far as that could be done. */
  get settled(): boolean {
    return this.#settled;
  }

  /** Everybody begins; the first of them sets the house up. */
  begin(): void {
    for (const [index, by] of this.#town.plan.people.entries())
      this.#live(async () => {
        await this.#ask("USER", by.userId, "arrive", [by]);
        if (index === 0) await this.setUp(by);
        for (const { agentId } of this.#town.plan.agents) await this.decide(by, agentId, this.#town.chance.maybe(0.6));
        for (let deed = 0; deed < this.#town.plan.deeds; deed++) {
          await this.#pause();
          await this.#act(by);
        }
      });
  }

  /** Says something to everybody who is in a room, as somebody who is there. */
  greet({ roomId, people, agents }: Presence): void {
    const by = this.#town.plan.people.find(({ userId }) => people.has(userId));
    const text = [...agents.values()].map((name) => `@${name} hello?`).join(" ");
    if (by !== undefined) this.#live(() => this.post(by, roomId, { text }));
  }

  /** Reads a room again: everything that was said, in its order, word for word. */
  readAgain({ roomId, people }: Presence): void {
    const by = this.#town.plan.people.find(({ userId }) => people.has(userId));
    if (by !== undefined) this.#live(() => this.#readAs(by, roomId));
  }

  /** When all is quiet, nobody waits for an answer, and whoever watches has seen everything. */
  checkQuiet(): void {
    if (this.#waiting > 0) this.#town.tell("liveness", `${this.#waiting} people wait for an answer for ever`);
    for (const watcher of this.#watchers.values()) watcher.checkLevel();
  }

  #live(life: () => Promise<unknown>): void {
    this.#waiting += 1;
    void life().then(() => {
      this.#waiting -= 1;
    });
  }

  #pause(): Promise<void> {
    return this.#town.clock.sleep(this.#town.chance.between(1, 4_000), "a person acts");
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
  async #command<A>(kind: Kind, name: string, method: string, by: Principal, ...values: ReadonlyArray<unknown>) {
    const commandId = childId("command", "sim", String(this.#commands++));
    return this.#accepted<A>(kind, name, method, [by, commandId, ...values]);
  }

  async #accepted<A>(kind: Kind, name: string, method: string, values: ReadonlyArray<unknown>) {
    const reply = await this.#ask<Reply<A>>(kind, name, method, values);
    const { platform, chronicle, tell } = this.#town;
    const { stream } = platform.object(kind, name);
    if (reply?.outcome !== "accepted") return undefined;
    if (chronicle.of(stream).length < reply.seq)
      tell(
        "loss",
        `${method} was answered with ${reply.seq} of ${stream}, of which ${chronicle.of(stream).length} are safe`,
      );
    return reply.value;
  }

  // ── doing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Makes the agents and opens the rooms, with most of the agents in most of them. */
  async setUp(by: Principal): Promise<void> {
    const { rooms, agents, people } = this.#town.plan;
    for (const agent of agents)
      await this.#command("AGENT", agent.agentId, "create", by, agent.agentId, settings(agent));
    for (const { roomId, kind } of rooms) {
      await this.#command("ROOM", roomId, "open", by, { roomId, name: "Room", kind });
      this.#rooms.add(roomId);
      if (this.#town.chance.maybe(0.4)) await this.#setPolicy(by, roomId);
      const here = kind === "direct" ? agents.slice(0, 1) : agents.filter(() => this.#town.chance.maybe(0.8));
      for (const { agentId, name } of here) await this.invite(by, roomId, agentId, name);
      if (kind === "private")
        for (const { userId, name } of people) await this.#command("ROOM", roomId, "addPerson", by, userId, name);
    }
    this.#settled = true;
  }

  /** Only somebody who exists can be found to be invited. */
  async invite(by: Principal, roomId: RoomId, agentId: AgentId, name: string): Promise<void> {
    if (this.#town.chronicle.of(`agent:${agentId}`).length > 0)
      await this.#command("ROOM", roomId, "inviteAgent", by, agentId, name);
  }

  async dismiss(by: Principal, roomId: RoomId, agentId: AgentId): Promise<void> {
    await this.#command("ROOM", roomId, "dismissAgent", by, agentId);
  }

  async remove(by: Principal, agentId: AgentId): Promise<void> {
    await this.#command("AGENT", agentId, "remove", by);
  }

  async #act(by: Principal): Promise<void> {
    const { chance, plan } = this.#town;
    if (this.#rooms.size === 0) return;
    const roomId = chance.pick([...this.#rooms]);
    const { agentId, name } = chance.pick(plan.agents);
    const deed = chance.weighted<() => Promise<unknown>>([
      [10, () => this.post(by, roomId, { text: `@${name} what is this?` })],
      [5, () => this.post(by, roomId, { text: plan.agents.map((other) => `@${other.name}`).join(" and ") })],
      [3, () => this.post(by, roomId, { text: "Nice weather." })],
      [3, () => this.post(by, roomId, { text: "Go on.", invoke: agentId })],
      [2, () => this.post(by, roomId, { text: `@${name} please remember that I like tea.` })],
      [3, () => this.#answer(by, roomId)],
      [3, () => this.#repeat(by)],
      [4, async () => this.#watch(by, roomId)],
      [4, () => this.#push(by, roomId, agentId)],
      [3, () => this.#callOff(by, roomId, name)],
      [3, () => this.#stop(by, roomId, agentId)],
      [6, () => this.#cutShort(by, roomId, agentId, name)],
      [0.5, () => this.#ramble(by, roomId)],
      [1, () => this.#setPolicy(by, roomId)],
      [2, () => this.#command("ROOM", roomId, "join", by)],
      [1.5, () => this.invite(by, roomId, agentId, name)],
      [1.5, () => this.dismiss(by, roomId, agentId)],
      [1.5, () => this.#comeAndGo(by, roomId, agentId, name)],
      [0.5, () => this.#command("ROOM", roomId, "removePerson", by, by.userId)],
      [1, () => this.#change(by, agentId, name)],
      [2, () => this.decide(by, agentId, chance.maybe(0.5))],
      [1, () => this.#command("AGENT", agentId, "setActive", by, chance.maybe(0.6))],
      [0.2, () => this.remove(by, agentId)],
      [2, () => this.#vanish(by, roomId, name)],
    ]);
    await deed();
  }

  /** Talks on and on, so that agents make notes of what no prompt could hold. */
  async #ramble(by: Principal, roomId: RoomId): Promise<void> {
    for (let thought = 1; thought <= 30; thought++) await this.post(by, roomId, { text: `Thought ${thought}.` });
  }

  async #callOff(by: Principal, roomId: RoomId, name: string): Promise<void> {
    await this.post(by, roomId, { text: this.#town.chance.pick(["stop", `@${name} never mind`]) });
  }

  /** Ends what an agent is doing in a room; whoever is told that it is stopped can rely on it. */
  async #stop(by: Principal, roomId: RoomId, agentId: AgentId): Promise<void> {
    const { stops } = this.#town;
    const running = stops.running(agentId, roomId);
    const reply = await this.#ask<Reply>("AGENT", agentId, "stop", [by, roomId]);
    if (reply?.outcome === "accepted" && running !== undefined) stops.acknowledged(running);
  }

  /** Asks something, and has enough of it while the answer comes. */
  async #cutShort(by: Principal, roomId: RoomId, agentId: AgentId, name: string): Promise<void> {
    const { chance, clock } = this.#town;
    await this.post(by, roomId, { text: `@${name} tell me all.` });
    await clock.sleep(chance.pick([100, 1_000, 3_000, 15_000]), "a person has enough");
    if (chance.maybe(0.7)) await this.#stop(by, roomId, agentId);
    else await this.#callOff(by, roomId, name);
  }

  /** Asks something, and is erased while the answer comes, if it is still to come; some are back soon. */
  async #vanish(by: Principal, roomId: RoomId, name: string): Promise<void> {
    const { chance, clock } = this.#town;
    await this.post(by, roomId, { text: `@${name} who am I?` });
    await clock.sleep(chance.pick([1, 30, 100, 300, 1_000, 3_000]), "a person is erased");
    await this.#command("USER", by.userId, "erase", by);
    if (chance.maybe(0.3)) return;
    await clock.sleep(chance.between(1, 20_000), "a person comes back");
    await this.#command("USER", by.userId, "comeBack", by);
  }

  /** Lets an agent remember them, or takes it back. */
  async decide(by: Principal, agentId: AgentId, granted: boolean): Promise<void> {
    await this.#command("USER", by.userId, "decideConsent", by, agentId, granted);
  }

  async #setPolicy(by: Principal, roomId: RoomId): Promise<void> {
    await this.#command("ROOM", roomId, "setPolicy", by, this.#town.chance.pick(modes));
  }

  /** Says something, in a room that was entered if it can be; now and then waits for what comes of it. */
  async post(by: Principal, roomId: RoomId, input: PostInput): Promise<void> {
    const { chance, chronicle } = this.#town;
    const commandId = messageCommand(by.userId, String(this.#commands++));
    const here = chronicle.of(`room:${roomId}`).some(({ open }) => open["userId"] === by.userId);
    if (!here) await this.#command("ROOM", roomId, "join", by);
    const said = await this.#say(by, { roomId, commandId, input });
    if (said === undefined) return;
    this.#said.push(said);
    this.#checkCalled(said);
    if (input.invoke !== undefined && chance.maybe(0.5))
      await this.#ask("AGENT", input.invoke, "outcome", [said.id, chance.between(100, 20_000)]);
  }

  async #say(by: Principal, message: Pick<Said, "roomId" | "commandId" | "input">): Promise<Said | undefined> {
    const { roomId, commandId, input } = message;
    const taken = await this.#accepted<{ id: string; seq: number }>("ROOM", roomId, "post", [by, commandId, input]);
    if (taken === undefined) return undefined;
    const { id, seq } = taken;
    const event = this.#town.chronicle.of(`room:${roomId}`)[seq - 1];
    if (event?.open["messageId"] !== id)
      this.#town.tell("loss", `${id} was taken as ${seq} of ${roomId} and is not there`);
    return { ...message, by: by.userId, id, seq };
  }

  /** Whoever is named with @, and is there, is spoken to, in whatever way the room is led: from here on an answer is owed. */
  #checkCalled({ roomId, id, seq, input: { text } }: Said): void {
    const { chronicle, tell } = this.#town;
    const events = chronicle.of(`room:${roomId}`).slice(0, seq);
    const here = new Map<unknown, unknown>();
    for (const { type, open } of events)
      if (type === "AgentInvited") here.set(open["agentId"], open["name"]);
      else if (type === "AgentDismissed") here.delete(open["agentId"]);
    const addressed = (events.at(-1)?.open["addressed"] ?? []) as ReadonlyArray<{ readonly agentId: string }>;
    for (const [agentId, name] of here)
      if (new RegExp(`@${name}\\b`).test(text) && !addressed.some((other) => other.agentId === agentId))
        tell("answer", `${id} names ${agentId}, which is in ${roomId}, and does not speak to it`);
  }

  /** Answers an agent, whatever it said. */
  async #answer(by: Principal, roomId: RoomId): Promise<void> {
    const events = this.#town.chronicle.of(`room:${roomId}`);
    const replies = events.filter(({ type, actor }) => type === "MessagePosted" && actor.startsWith("agent:"));
    if (replies.length === 0) return;
    const replyTo = String(this.#town.chance.pick(replies).open["messageId"]);
    await this.post(by, roomId, { text: "Why?", replyTo });
  }

  /** The same request once more, as a client does whose line broke: the same answer. Other words under its id: refused [L2]. */
  async #repeat(by: Principal): Promise<void> {
    const { chance, chronicle, tell } = this.#town;
    const mine = this.#said.filter((said) => said.by === by.userId);
    if (mine.length === 0) return;
    const { id, seq, ...message } = chance.pick(mine);
    if (chance.maybe(0.3)) {
      const input = { ...message.input, text: `${message.input.text} Or not.` };
      const reply = await this.#ask<Reply>("ROOM", message.roomId, "post", [by, message.commandId, input]);
      // Nothing is kept of erased words by which they could be guessed, so nobody can tell them from others.
      const isComparable = !everShreddedIn(chronicle).has(userName(by.userId));
      if (reply?.outcome === "accepted" && isComparable) tell("L2", `${message.commandId} was taken with other words`);
      return;
    }
    const again = await this.#say(by, message);
    if (again !== undefined && (again.id !== id || again.seq !== seq))
      tell("L2", `${message.commandId} was ${id} (${seq}) first and ${again.id} (${again.seq}) then`);
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

  /** Brought in by mistake, and sent away again at once. */
  async #comeAndGo(by: Principal, roomId: RoomId, agentId: AgentId, name: string): Promise<void> {
    await this.dismiss(by, roomId, agentId);
    await this.invite(by, roomId, agentId, name);
    await this.dismiss(by, roomId, agentId);
  }

  async #change(by: Principal, agentId: AgentId, name: string): Promise<void> {
    const { chance } = this.#town;
    const other = chance.maybe(0.5) ? name : `${name}${chance.between(2, 9)}`;
    const fallbacks = chance.maybe(0.5) ? [chance.pick(standIns)] : [];
    await this.#command("AGENT", agentId, "change", by, { name: other, fallbacks });
  }

  async #readAs(by: Principal, roomId: RoomId): Promise<void> {
    const { chronicle, speech, tell } = this.#town;
    const reply = await this.#ask<Reply<Page>>("ROOM", roomId, "messages", [by, { after: 0, limit: 5_000 }]);
    if (reply?.outcome !== "accepted") return tell("words", `${roomId} cannot be read`);
    for (const { turn_id, text } of reply.value.messages)
      if (turn_id !== undefined && text !== null) speech.shown(turn_id, text);
    for (const [place, watcher] of this.#watchers) if (place.endsWith(roomId)) watcher.checkWords(reply.value.messages);
    const written = new Map(this.#said.map(({ id, input }) => [id, input.text]));
    const posted = chronicle.of(`room:${roomId}`).filter(({ type }) => type === "MessagePosted");
    const shredded = shreddedIn(chronicle);
    const ever = everShreddedIn(chronicle);
    for (const [index, { seq, open }] of posted.entries()) {
      const { id, text } = reply.value.messages[index] ?? {};
      if (id !== open["messageId"]) tell("words", `${seq} of ${roomId} is not read in its place`);
      const tells = ((open["turn"] as { readonly tells?: ReadonlyArray<UserId> } | null)?.tells ?? []).map(userName);
      // What somebody said, and an agent said again of theirs, went with them, and stays gone also when they come back.
      if (text === null && [open["by"], ...tells].some((subject) => ever.has(subject))) continue;
      if (shredded.has(open["by"]) || tells.some((subject) => shredded.has(subject))) {
        if (text !== null) tell("S2", `${seq} of ${roomId} is still read, and the key of ${open["by"]} is destroyed`);
      } else if (text?.length !== open["chars"] || (written.get(id ?? "") ?? text) !== text)
        tell("words", `${seq} of ${roomId} does not say what was said`);
    }
  }
}
