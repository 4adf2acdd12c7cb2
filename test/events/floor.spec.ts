/** Who may speak when in a room, and how far agents go on their own, as specifications of `decide`. */
import { describe, expect, it } from "@effect/vitest";
import { type AgentId, agentName, type MessageId, type UserId, userName } from "#events/kit/ids.ts";
import { upcast } from "#events/kit/upcast.ts";
import { room } from "#events/room/decide.ts";
import * as E from "#events/room/events.ts";
import { NotParticipant, NotRoomOwner, RoomIsPrivate } from "#events/room/refusals.ts";
import { type Addressee, brakes, type RoomMode } from "#events/room/rhythm.ts";
import { ada, agentId, bo, dana, eli, given, lobby, messageId, turnId, words } from "../support/given.ts";

const cleo = agentId("cleo");
const ten = Array.from({ length: 10 }, (_, index) => agentId(`agent ${index}`));
const text = words({ text: "Well.", authorName: "Somebody" });
const by = userName(dana);

const arrived = (userId: UserId) => E.ParticipantJoined({ userId, by }, userName(userId), words({ name: userId }));
const brought = (id: AgentId) => E.AgentInvited({ agentId: id, name: id, by });
const here = (mode: RoomMode, ...agents: ReadonlyArray<AgentId>) => [
  E.RoomOpened({ roomId: lobby, name: "Lobby", kind: "private", ownerId: dana }),
  ...[arrived(dana), ...agents.map(brought)],
  ...(mode === "mention" ? [] : [E.RoomPolicySet({ mode, by })]),
];

const to = (how: Addressee["how"], ...agents: ReadonlyArray<AgentId>): ReadonlyArray<Addressee> =>
  agents.map((id) => ({ agentId: id, how }));

/** Dana says something. */
const say = (label: string, over: { addressed?: ReadonlyArray<Addressee>; named?: boolean; callsOff?: boolean } = {}) =>
  ({
    type: "PostMessage",
    ...{ messageId: messageId(label), chars: 5, replyTo: null, words: text },
    ...{ addressed: [], named: false, callsOff: false, ...over },
  }) as const;
const said = (label: string, addressed: ReadonlyArray<Addressee> = [], callsOff = false) =>
  E.MessagePosted(
    {
      ...{ messageId: messageId(label), by, chars: 5, hops: 0, replyTo: null, addressed },
      ...{ brake: null, callsOff, turn: null },
    },
    by,
    text,
  );

const reply = (agent: AgentId, label: string) => messageId(`${label}/${agent}`);
/** An agent answers a message, and names others. */
const answer = (
  agent: AgentId,
  inReplyTo: MessageId,
  { answeredHops = 0, addressed = [] as ReadonlyArray<Addressee>, label = "re", stopped = false } = {},
) =>
  ({
    type: "PostReply",
    ...{ agentId: agent, messageId: reply(agent, label), turnId: turnId(label), inReplyTo },
    ...{ chars: 5, answeredHops, addressed, notice: false, stopped, model: null, tokensIn: null, tokensOut: null },
    tells: [],
    words: text,
  }) as const;
const answered = (
  agent: AgentId,
  inReplyTo: MessageId,
  over: Partial<typeof E.MessagePosted.open.Type> & { readonly label?: string; readonly stopped?: boolean } = {},
) => {
  const { label = "re", stopped = false, ...more } = over;
  const turn = {
    ...{ turnId: turnId(label), inReplyTo, notice: false, stopped },
    ...{ model: null, tokensIn: null, tokensOut: null, tells: [] },
  };
  return E.MessagePosted(
    {
      ...{ messageId: reply(agent, label), by: agentName(agent), chars: 5, hops: 1, replyTo: null, addressed: [] },
      ...{ brake: null, callsOff: false, turn, ...more },
    },
    agentName(agent),
    text,
  );
};
const granted = (label: string, agent: AgentId, place: number) =>
  E.FloorGranted({ messageId: messageId(label), agentId: agent, place });
const passed = (label: string, agent: AgentId, why: "declined" | "failed" | "coalesced" | "late") =>
  E.FloorPassed({ messageId: messageId(label), agentId: agent, why });
const pass = (label: string, agent: AgentId, why: "declined" | "failed" | "coalesced" | "late") =>
  ({ type: "PassFloor", messageId: messageId(label), agentId: agent, why }) as const;

describe("the mode of a room", () => {
  const choose = { type: "SetPolicy", mode: "list" } as const;

  it("is chosen by its owner, and by nobody else", () => {
    given(room, ...here("mention"), arrived(eli))
      .when(choose)
      .then(E.RoomPolicySet({ mode: "list", by }));
    given(room, ...here("mention"), arrived(eli))
      .when(choose, userName(eli))
      .refused(NotRoomOwner);
    given(room, ...here("mention"))
      .when(choose, userName(eli))
      .refused(RoomIsPrivate);
    given(room, E.RoomOpened({ roomId: lobby, name: "Lobby", kind: "public", ownerId: dana }), arrived(dana))
      .when(choose, userName(eli))
      .refused(NotParticipant);
  });

  it("is `mention` until somebody chooses, and choosing it again changes nothing", () => {
    expect(given(room, ...here("mention")).state.rhythm.mode).toBe("mention");
    given(room, ...here("list"))
      .when(choose)
      .nothing();
  });
});

describe("a person's message that addresses nobody", () => {
  it.each(["mention", "manual"] as const)("is put before no agent in the mode %s", (mode) => {
    given(room, ...here(mode, ada, bo))
      .when(say("one"))
      .then(said("one"));
  });

  it("is offered to every agent in the mode natural, and each decides for itself", () => {
    given(room, ...here("natural", ada, bo, cleo))
      .when(say("one"))
      .then(said("one", to("floor", ada, bo, cleo)));
  });

  it("is offered to no more agents than may speak: to those that have kept silent longest", () => {
    const [first, second, ...others] = ten;
    const before = [said("old", to("mention", first!)), answered(first!, messageId("old"))];
    given(room, ...here("natural", ...ten), ...before)
      .when(say("one"))
      .then(said("one", to("floor", second!, ...others.slice(0, 5))));
  });

  it.each([
    "natural",
    "list",
    "pooled",
  ] as const)("is offered to none in the mode %s when it names a person with @, or calls off", (mode) => {
    given(room, ...here(mode, ada))
      .when(say("one", { named: true }))
      .then(said("one"));
    given(room, ...here(mode, ada))
      .when(say("one", { callsOff: true }))
      .then(said("one", [], true));
  });

  it.each([
    "natural",
    "list",
    "pooled",
  ] as const)("is not offered on top in the mode %s when it addresses one", (mode) => {
    given(room, ...here(mode, ada, bo))
      .when(say("one", { addressed: to("question", bo) }))
      .then(said("one", to("question", bo)));
  });
});

describe("in the mode manual", () => {
  it("only a name with @ counts, or being asked to speak", () => {
    const addressed = [...to("invoked", ada), ...to("mention", bo), ...to("question", cleo)];
    given(room, ...here("manual", ada, bo, cleo))
      .when(say("one", { addressed }))
      .then(said("one", [...to("invoked", ada), ...to("mention", bo)]));
    given(room, ...here("manual", ada))
      .when(say("one", { addressed: to("direct", ada) }))
      .then(said("one"));
  });
});

describe("in the mode list", () => {
  const begun = [...here("list", ada, bo, cleo), said("one", to("invoked", ada)), granted("one", ada, 1)];

  it("the first agent that came is called in, and the others wait", () => {
    given(room, ...here("list", ada, bo, cleo))
      .when(say("one"))
      .then(said("one", to("invoked", ada)), granted("one", ada, 1));
  });

  it("the next has the floor when the one before has spoken, to the end of the list", () => {
    given(room, ...begun)
      .when(answer(ada, messageId("one")), agentName(ada))
      .then(answered(ada, messageId("one")), granted("one", bo, 2));
    const last = [...begun, answered(ada, messageId("one")), granted("one", bo, 2)];
    given(room, ...last, answered(bo, messageId("one")), granted("one", cleo, 3))
      .when(answer(cleo, messageId("one")), agentName(cleo))
      .then(answered(cleo, messageId("one")));
  });

  it.each(["declined", "failed", "coalesced", "late"] as const)("and when that one was passed over: %s", (why) => {
    given(room, ...begun)
      .when(pass("one", ada, why), agentName(ada))
      .then(passed("one", ada, why), granted("one", bo, 2));
  });

  it("nobody is passed over who does not have the floor, nor twice", () => {
    given(room, ...begun)
      .when(pass("one", bo, "late"))
      .nothing();
    given(room, ...begun, passed("one", ada, "late"), granted("one", bo, 2))
      .when(pass("one", ada, "late"))
      .nothing();
    given(room, ...begun, answered(ada, messageId("one")), granted("one", bo, 2))
      .when(pass("one", ada, "coalesced"))
      .nothing();
  });

  it("a word to somebody else does not pass the floor on", () => {
    given(room, ...begun)
      .when(answer(ada, messageId("older")), agentName(ada))
      .then(answered(ada, messageId("older")));
  });

  it("an agent that goes makes room for the next, and one that waited is not waited for", () => {
    const gone = (agent: AgentId) => E.AgentDismissed({ agentId: agent, by });
    given(room, ...begun)
      .when({ type: "DismissAgent", agentId: ada })
      .then(gone(ada), granted("one", bo, 2));
    given(room, ...begun, gone(bo))
      .when(answer(ada, messageId("one")), agentName(ada))
      .then(answered(ada, messageId("one")), granted("one", cleo, 2));
  });

  it("whatever a person says ends the round, and so does another mode", () => {
    const again = answer(ada, messageId("one"));
    const later = answered(ada, messageId("one"));
    given(room, ...begun, said("two", to("mention", bo)))
      .when(again, agentName(ada))
      .then(later);
    given(room, ...begun, said("two", [], true))
      .when(again, agentName(ada))
      .then(later);
    given(room, ...begun, E.RoomPolicySet({ mode: "natural", by }))
      .when(again, agentName(ada))
      .then(later);
    given(room, ...begun)
      .when(say("two"))
      .then(said("two", to("invoked", ada)), granted("two", ada, 1));
  });

  it("whoever waits is told nothing from the message on, and waits no longer when asked to speak", () => {
    // Opened, Dana came, three agents came, a mode was chosen: the message is the seventh event.
    expect(given(room, ...begun).state.rhythm.floor).toMatchObject({ seq: 7, waiting: [bo, cleo] });
    const invoked = E.AgentInvoked({ messageId: messageId("go"), agentId: bo, by, replyTo: null });
    const { rhythm } = given(room, ...begun, invoked).state;
    expect(rhythm.floor).toMatchObject({ seq: 7, holder: ada, waiting: [cleo] });
    given(room, ...begun, invoked)
      .when(answer(ada, messageId("one")), agentName(ada))
      .then(answered(ada, messageId("one")), granted("one", cleo, 2));
  });

  it("whoever waits is not called on by name as well: its turn will come", () => {
    given(room, ...begun)
      .when(answer(ada, messageId("one"), { addressed: to("mention", bo, cleo) }), agentName(ada))
      .then(answered(ada, messageId("one")), granted("one", bo, 2));
  });

  it("the list ends after six, and the log says why", () => {
    const round = ten
      .slice(0, 5)
      .flatMap((agent, index) => [
        ...(index === 0 ? [said("one", to("invoked", agent))] : []),
        granted("one", agent, index + 1),
        answered(agent, messageId("one"), { label: `re ${index}` }),
      ]);
    given(room, ...here("list", ...ten), ...round, granted("one", ten[5]!, 6))
      .when(answer(ten[5]!, messageId("one")), agentName(ten[5]!))
      .then(answered(ten[5]!, messageId("one"), { brake: "agent-messages" }));
  });
});

describe("in the mode pooled", () => {
  const before = [said("old", to("mention", ada)), answered(ada, messageId("old"))];
  const begun = [...here("pooled", ada, bo), ...before, said("one", to("invoked", bo)), granted("one", bo, 1)];

  it("the agent that has kept silent longest is called in, alone", () => {
    given(room, ...here("pooled", ada, bo), ...before)
      .when(say("one"))
      .then(said("one", to("invoked", bo)), granted("one", bo, 1));
    given(room, ...begun)
      .when(answer(bo, messageId("one")), agentName(bo))
      .then(answered(bo, messageId("one")));
  });

  it("the next is, when that one does not answer", () => {
    given(room, ...begun)
      .when(pass("one", bo, "declined"), agentName(bo))
      .then(passed("one", bo, "declined"), granted("one", ada, 2));
  });
});

describe("hops", () => {
  it("are counted by the room: one more than those of the message that is answered", () => {
    for (const [before, after] of [
      [0, 1],
      [2, 3],
      [3, 4],
      [4, 4],
    ] as const)
      given(room, ...here("mention", ada, bo))
        .when(answer(ada, messageId("one"), { answeredHops: before }), agentName(ada))
        .then(answered(ada, messageId("one"), { hops: after }));
  });

  it("end the talk of agents at the fourth: it calls on nobody", () => {
    const addressed = to("mention", bo);
    const talk = given(room, ...here("mention", ada, bo), said("one", to("mention", ada)));
    talk
      .when(answer(ada, messageId("one"), { answeredHops: brakes.hops - 2, addressed }), agentName(ada))
      .then(answered(ada, messageId("one"), { hops: brakes.hops - 1, addressed }));
    talk
      .when(answer(ada, messageId("one"), { answeredHops: brakes.hops - 1, addressed }), agentName(ada))
      .then(answered(ada, messageId("one"), { hops: brakes.hops, brake: "hops" }));
  });

  it("hold nothing back that names nobody", () => {
    given(room, ...here("mention", ada))
      .when(answer(ada, messageId("one"), { answeredHops: 9 }), agentName(ada))
      .then(answered(ada, messageId("one"), { hops: brakes.hops }));
  });
});

describe("the words of agents", () => {
  const asked = [...here("mention", ...ten), said("one", to("mention", ten[0]!))];
  /** The first agent names so many others. */
  const names = (count: number) => to("mention", ...ten.slice(1, 1 + count));

  it("are six to one word of a person: the sixth calls on nobody", () => {
    const talk = [1, 2, 3, 4, 5].map((count) => answered(ten[0]!, messageId("one"), { label: `re ${count}` }));
    given(room, ...asked, ...talk.slice(0, 4))
      .when(answer(ten[0]!, messageId("one"), { addressed: names(1) }), agentName(ten[0]!))
      .then(answered(ten[0]!, messageId("one"), { addressed: names(1) }));
    given(room, ...asked, ...talk)
      .when(answer(ten[0]!, messageId("one"), { addressed: names(1) }), agentName(ten[0]!))
      .then(answered(ten[0]!, messageId("one"), { brake: "agent-messages" }));
  });

  it("are promised, not only counted: one that names nine calls on five", () => {
    given(room, ...asked)
      .when(answer(ten[0]!, messageId("one"), { addressed: names(9) }), agentName(ten[0]!))
      .then(answered(ten[0]!, messageId("one"), { addressed: names(5), brake: "agent-messages" }));
  });

  it("that were promised to one that keeps silent are free again", () => {
    const five = [...asked, answered(ten[0]!, messageId("one"), { addressed: names(5) })];
    const second = answer(ten[1]!, reply(ten[0]!, "re"), { answeredHops: 1, addressed: to("mention", ten[9]!) });
    const held = { hops: 2, brake: "agent-messages" } as const;
    given(room, ...five)
      .when(second, agentName(ten[1]!))
      .then(answered(ten[1]!, reply(ten[0]!, "re"), held));
    const silent = E.FloorPassed({ messageId: reply(ten[0]!, "re"), agentId: ten[2]!, why: "declined" });
    given(room, ...five, silent)
      .when(second, agentName(ten[1]!))
      .then(answered(ten[1]!, reply(ten[0]!, "re"), { hops: 2, addressed: to("mention", ten[9]!) }));
  });

  it("that answer a newer message answer the older ones with it", () => {
    const twice = [...asked, answered(ten[1]!, messageId("x"), { addressed: to("mention", ten[0]!), label: "call" })];
    const state = given(room, ...twice, answered(ten[0]!, reply(ten[1]!, "call"))).state.rhythm;
    expect(state).toMatchObject({ sinceHuman: 2, called: [] });
  });

  it("are counted anew when a person speaks, or asks an agent to speak", () => {
    const talk = Array.from({ length: 6 }, (_, count) => answered(ten[0]!, messageId("one"), { label: `re ${count}` }));
    const invoked = E.AgentInvoked({ messageId: messageId("go"), agentId: ten[0]!, by, replyTo: null });
    for (const word of [said("two", to("mention", ten[0]!)), invoked])
      given(room, ...asked, ...talk, word)
        .when(answer(ten[0]!, word.open.messageId, { addressed: names(2) }), agentName(ten[0]!))
        .then(answered(ten[0]!, word.open.messageId, { addressed: names(2) }));
  });

  it("to others than by @ call on nobody: agents answer their name only", () => {
    given(room, ...asked)
      .when(answer(ten[0]!, messageId("one"), { addressed: to("question", ten[1]!) }), agentName(ten[0]!))
      .then(answered(ten[0]!, messageId("one")));
  });
});

describe("a message", () => {
  it("of a person reaches all whom it names, however many they are and whatever was said before", () => {
    const talk = Array.from({ length: 9 }, (_, count) => answered(ten[0]!, messageId("x"), { label: `re ${count}` }));
    given(room, ...here("mention", ...ten), ...talk)
      .when(say("one", { addressed: to("mention", ...ten) }))
      .then(said("one", to("mention", ...ten)));
  });

  it("of an agent that was cut short is marked as that", () => {
    given(room, ...here("mention", ada))
      .when(answer(ada, messageId("one"), { stopped: true }), agentName(ada))
      .then(answered(ada, messageId("one"), { stopped: true }));
  });

  it("of the first version was never braked, called nothing off, was never cut short, and tells of nobody", () => {
    const open = { messageId: messageId("one"), by, chars: 5, hops: 1, replyTo: null, addressed: [] };
    const turn = { turnId: turnId("one"), inReplyTo: messageId("x"), notice: false };
    const lifted = { ...open, brake: null, callsOff: false };
    expect(upcast(E.MessagePosted, 1, { ...open, turn: null })).toEqual({ ...lifted, turn: null });
    expect(upcast(E.MessagePosted, 1, { ...open, turn })).toEqual({
      ...lifted,
      turn: { ...turn, stopped: false, tells: [] },
    });
  });
});
