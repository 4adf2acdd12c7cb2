/** An agent's life, and what reaches it, as specifications of `decide`; its turns are in turn.spec.ts. */
import { describe, it } from "@effect/vitest";
import type { AgentCommand } from "#events/agent/commands.ts";
import { agent } from "#events/agent/decide.ts";
import * as E from "#events/agent/events.ts";
import { AgentIsDeleted, AgentUnknown, AlreadyCreated, NotInRoom, Stale } from "#events/agent/refusals.ts";
import { agentName, userName } from "#events/kit/ids.ts";
import { brakes } from "#events/room/rhythm.ts";
import {
  type Asked,
  ada,
  agreed,
  assembled,
  bo,
  completed,
  created,
  dana,
  declined,
  failed,
  given,
  granted,
  heard,
  joined,
  lobby,
  roomId,
  settings,
  started,
  turnId,
  words,
} from "../support/given.ts";

const prompt = words({ systemPrompt: "Be brief.", description: "Short." });
const create = { type: "CreateAgent", agentId: ada, ownerId: dana, settings, tools: [], words: prompt } as const;
const born = E.AgentCreated({ agentId: ada, ownerId: dana, ...settings }, userName(dana), prompt);
const personality = {
  traits: { openness: 0.9 },
  style: { humor: "subtle" },
  words: words({ interests: ["chess"], expertise: [], limitations: [] }),
} as const;
const character = E.PersonalitySet(
  { traits: personality.traits, style: personality.style },
  userName(dana),
  personality.words,
);
const clock = [{ name: "clock", mode: "allow" }] as const;
const deleted = E.AgentDeleted({ rooms: [] });

describe("creating an agent", () => {
  it("is one event when only the settings are given", () => {
    given(agent).when(create).then(born);
  });

  it("sets personality and tools in the same breath", () => {
    given(agent)
      .when({ ...create, personality, tools: clock })
      .then(born, character, granted(["clock", "allow"]));
  });

  it("happens once", () => {
    given(agent, created).when(create).refused(AlreadyCreated);
  });

  it("does not bring a deleted agent back", () => {
    given(agent, created, deleted).when(create).refused(AlreadyCreated);
  });
});

describe("changing an agent", () => {
  const changed = { ...settings, name: "Ada the Second", memoryEnabled: false };
  const change = { type: "ReconfigureAgent", settings: changed, words: prompt } as const;
  const second = E.AgentReconfigured({ version: 2, ...changed }, userName(dana), prompt);

  it("raises the version", () => {
    given(agent, created).when(change).then(second);
    given(agent, created, second)
      .when(change)
      .then(E.AgentReconfigured({ version: 3, ...changed }, userName(dana), prompt));
  });

  it("carries personality and tools along", () => {
    given(agent, created)
      .when({ ...change, personality, tools: [] })
      .then(second, character, granted());
  });

  it("is refused when the caller saw an older version", () => {
    given(agent, created, second)
      .when({ ...change, ifVersion: 1 })
      .refused(Stale, { head: 2 });
    given(agent, created, second)
      .when({ ...change, ifVersion: 2 })
      .then(E.AgentReconfigured({ version: 3, ...changed }, userName(dana), prompt));
  });

  it("replaces the whole list of tools", () => {
    given(agent, created, granted(["clock", "allow"]))
      .when({ type: "GrantTools", tools: [] })
      .then(granted());
  });
});

describe("switching an agent off and on", () => {
  const [off, on] = [E.AgentDeactivated({}), E.AgentActivated({})];

  it("is recorded when it changes anything", () => {
    given(agent, created).when({ type: "SetActive", active: false }).then(off);
    given(agent, created, off).when({ type: "SetActive", active: true }).then(on);
  });

  it("is nothing when it is so already", () => {
    given(agent, created).when({ type: "SetActive", active: true }).nothing();
    given(agent, created, off).when({ type: "SetActive", active: false }).nothing();
  });
});

describe("deleting an agent", () => {
  it("names the rooms to tell", () => {
    given(agent, created, agreed, joined)
      .when({ type: "DeleteAgent" })
      .then(E.AgentDeleted({ rooms: [lobby] }));
  });

  it("ends the turns that were running", () => {
    given(agent, created, agreed, joined, heard("one"), started("one"), assembled("one"))
      .when({ type: "DeleteAgent" })
      .then(failed("one", "agent-deleted", 3000), E.AgentDeleted({ rooms: [lobby] }));
  });

  it("leaves no message without a verdict", () => {
    given(agent, created, agreed, joined, heard("one"), started("one"), heard("two"))
      .when({ type: "DeleteAgent" })
      .then(failed("one", "agent-deleted", 3000), declined("two", "inactive"), E.AgentDeleted({ rooms: [lobby] }));
  });

  it("is refused when the caller saw an older version", () => {
    given(agent, created).when({ type: "DeleteAgent", ifVersion: 9 }).refused(Stale, { head: 1 });
  });
});

describe("nothing is asked of an agent that is not there", () => {
  const receive: Asked<AgentCommand> = {
    type: "ReceiveMessage",
    ...heard("one").open,
    words: words({ text: "Ada?", authorName: "Dana" }),
  };
  const ofTurn = { turnId: turnId("one"), attempt: 1 };
  const commands: ReadonlyArray<Asked<AgentCommand>> = [
    { type: "ReconfigureAgent", settings, words: prompt },
    { type: "GrantTools", tools: [] },
    { type: "SetActive", active: false },
    { type: "DeleteAgent" },
    { type: "JoinRoom", roomId: lobby, kind: "public" },
    { type: "LeaveRoom", roomId: lobby },
    receive,
    { type: "StartTurn", turnId: turnId("one") },
    { type: "ResumeTurn", turnId: turnId("one") },
    { type: "GiveUpOnModel", ...ofTurn, round: 1, reason: "Stalled", tried: 1 },
    { type: "FailTurn", ...ofTurn, reason: "no" },
  ];

  it.each(commands)("$type", (command) => {
    given(agent).when(command).refused(AgentUnknown);
    given(agent, created, agreed, joined, heard("one"), started("one"), deleted).when(command).refused(AgentIsDeleted);
  });
});

describe("entering and leaving rooms", () => {
  const enter = { type: "JoinRoom", roomId: lobby, kind: "public" } as const;
  const leave = { type: "LeaveRoom", roomId: lobby } as const;
  const left = E.RoomLeft({ roomId: lobby });

  it("is recorded once each way", () => {
    given(agent, created).when(enter).then(joined);
    given(agent, created, agreed, joined).when(enter).nothing();
    given(agent, created, agreed, joined).when(leave).then(left);
    given(agent, created, agreed, joined, left).when(leave).nothing();
  });

  it("ends what was open in the room: running turns fail, waiting messages are declined", () => {
    given(agent, created, agreed, joined, heard("one"), started("one"), heard("two"))
      .when(leave)
      .then(failed("one", "left-room", 3000), declined("two", "left-room"), left);
  });

  it("leaves other rooms alone", () => {
    const elsewhere = roomId("elsewhere");
    given(
      agent,
      ...[created, agreed, joined, E.RoomJoined({ roomId: elsewhere, kind: "public" })],
      ...[heard("one", { roomId: elsewhere }), heard("two")],
    )
      .when(leave)
      .then(declined("two", "left-room"), left);
  });
});

describe("hearing a message", () => {
  const said = words({ text: "Ada, one?", authorName: "Dana" });
  const hear = (over: Partial<typeof E.MessageReceived.open.Type> = {}) => {
    const open = { ...heard("one").open, ...over };
    const event = E.MessageReceived(open, open.authorId, said);
    return [{ type: "ReceiveMessage", ...open, words: said }, event] as const;
  };

  it("is recorded under its author's key, and answered at once when the floor is free", () => {
    const [command, event] = hear();
    given(agent, created, agreed, joined).when(command).then(event, started("one"));
    const [fromBo, boSaid] = hear({ authorId: agentName(bo) });
    given(agent, created, agreed, joined).when(fromBo).then(boSaid, started("one"));
  });

  it("is recorded and left alone, with the reason, when it needs no answer", () => {
    const [aside, overheard] = hear({ addressed: null });
    given(agent, created, agreed, joined).when(aside).then(overheard, declined("one", "not-addressed"));
    const [offer, offered] = hear({ addressed: "floor" });
    given(agent, created, agreed, joined, E.AgentDeactivated({}))
      .when(offer)
      .then(offered, declined("one", "inactive"));
    const [again, late] = hear({ authorId: agentName(bo), hops: brakes.hops });
    given(agent, created, agreed, joined).when(again).then(late, declined("one", "too-many-hops"));
  });

  it("that offers the floor is taken up as readily as the owner wished, and not again for a while", () => {
    const talkative = (talkativeness: number) =>
      E.AgentReconfigured(
        { version: 2, ...settings, talkativeness },
        userName(dana),
        words({ systemPrompt: "", description: "" }),
      );
    const [command, event] = hear({ addressed: "floor" });
    given(agent, created, agreed, joined, talkative(1)).when(command).then(event, started("one"));
    given(agent, created, agreed, joined, talkative(0)).when(command).then(event, declined("one", "not-selected"));
    const before = [heard("zero", { addressed: "floor" }), started("zero"), completed("zero")];
    given(agent, created, agreed, joined, talkative(1), ...before)
      .when(command)
      .then(event, declined("one", "cool-down"));
  });

  it("is recorded and waits while a turn is running, or while others wait", () => {
    const [command, event] = hear();
    given(agent, created, agreed, joined, heard("zero"), started("zero")).when(command).then(event);
    given(agent, created, agreed, joined, heard("zero")).when(command).then(event);
  });

  it("does not wait for what happens in other rooms", () => {
    const elsewhere = roomId("elsewhere");
    const [command, event] = hear({ roomId: elsewhere });
    given(
      agent,
      created,
      agreed,
      joined,
      E.RoomJoined({ roomId: elsewhere, kind: "direct" }),
      heard("zero"),
      started("zero"),
    )
      .when(command)
      .then(event, E.TurnStarted({ ...started("one").open, roomId: elsewhere }));
  });

  it("is refused for now when the agent is not in the room, for it may be on its way in", () => {
    given(agent, created).when(hear()[0]).refused(NotInRoom, { roomId: lobby, passing: true });
  });
});
