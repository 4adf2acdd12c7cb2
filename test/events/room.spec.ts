/** Who may do what in a room, as specifications of `decide`. */
import { describe, expect, it } from "@effect/vitest";
import { AgentIsInactive } from "#events/agent/refusals.ts";
import { agentName, type UserId, userName } from "#events/kit/ids.ts";
import type { RoomCommand, RoomCommandOf } from "#events/room/commands.ts";
import { room } from "#events/room/decide.ts";
import * as E from "#events/room/events.ts";
import {
  AgentNotHere,
  AlreadyOpen,
  NotParticipant,
  NotRoomOwner,
  RoomIsClosed,
  RoomIsPrivate,
  RoomUnknown,
} from "#events/room/refusals.ts";
import { type Asked, ada, bo, callId, dana, eli, given, lobby, messageId, turnId, words } from "../support/given.ts";

const named = (name: string) => words({ name });
const openAs = (kind: "public" | "private" | "direct") =>
  E.RoomOpened({ roomId: lobby, name: "Lobby", kind, ownerId: dana });
const arrived = (userId: UserId, by: UserId = userId) =>
  E.ParticipantJoined({ userId, by: userName(by) }, userName(userId), named(userId));
const publicRoom = [openAs("public"), arrived(dana)];
const privateRoom = [openAs("private"), arrived(dana)];
const brought = (agentId = ada, name = "Ada", by: UserId = dana) => E.AgentInvited({ agentId, name, by: userName(by) });
const closed = E.RoomClosed({ by: userName(dana) });
const said = words({ text: "Hello.", authorName: "Dana" });

const post = (over: object = {}) =>
  ({
    type: "PostMessage",
    messageId: messageId("one"),
    chars: 6,
    replyTo: null,
    addressed: [],
    named: false,
    callsOff: false,
    words: said,
    ...over,
  }) as const;
const postedAs = (by: UserId, addressed: (typeof E.MessagePosted.open.Type)["addressed"] = []) =>
  E.MessagePosted(
    {
      ...{ messageId: messageId("one"), by: userName(by), chars: 6, hops: 0, replyTo: null, addressed },
      ...{ brake: null, callsOff: false, turn: null },
    },
    userName(by),
    said,
  );
const invite = { type: "InviteAgent", agentId: ada, agentName: "Ada" } as const;
const invoke = { type: "InvokeAgent", messageId: messageId("one"), agentId: ada, replyTo: null } as const;
const switched = (active: boolean) => ({ type: "SwitchAgent", agentId: ada, active }) as const;
const dismiss = { type: "DismissAgent", agentId: ada } as const;
const add = { type: "AddParticipant", userId: eli, words: named(eli) } as const;
const drop = (userId: UserId) => ({ type: "RemoveParticipant", userId }) as const;
const reply: Asked<RoomCommandOf<"PostReply">> = {
  ...{
    type: "PostReply",
    agentId: ada,
    messageId: messageId("re"),
    turnId: turnId("one"),
    inReplyTo: messageId("one"),
  },
  ...{
    chars: 3,
    answeredHops: 0,
    notice: false,
    stopped: false,
    model: "demo",
    tokensIn: 4,
    tokensOut: 2,
    tells: [dana],
    addressed: [],
    words: said,
  },
};

describe("opening a room", () => {
  const open = {
    type: "OpenRoom",
    roomId: lobby,
    name: "Lobby",
    kind: "private",
    ownerId: dana,
    words: named(dana),
  } as const;

  it("seats its owner", () => {
    given(room).when(open).then(openAs("private"), arrived(dana));
  });

  it("happens once", () => {
    given(room, ...publicRoom)
      .when(open)
      .refused(AlreadyOpen);
    given(room, ...publicRoom, closed)
      .when(open)
      .refused(AlreadyOpen);
  });
});

describe("a room that is not there, or no longer", () => {
  const commands: ReadonlyArray<Asked<RoomCommand>> = [
    { type: "JoinRoom", userId: eli, words: named(eli) },
    ...[add, drop(dana), invite, dismiss, post(), reply, invoke],
    { type: "CloseRoom" },
  ];

  it.each(commands)("refuses $type", (command) => {
    given(room).when(command).refused(RoomUnknown);
    given(room, ...publicRoom, brought(), closed)
      .when(command)
      .refused(RoomIsClosed);
  });
});

describe("a seat", () => {
  const join = { type: "JoinRoom", userId: eli, words: named(eli) } as const;

  it("is anybody's in a public room, once", () => {
    given(room, ...publicRoom)
      .when(join, userName(eli))
      .then(arrived(eli));
    given(room, ...publicRoom, arrived(eli))
      .when(join, userName(eli))
      .nothing();
  });

  it("is had anew by who is there under a name that can no longer be read", () => {
    given(room, ...publicRoom, arrived(eli))
      .when({ ...join, isAgain: true }, userName(eli))
      .then(arrived(eli));
  });

  it("is nobody's in a private or direct one, which does not even show that it exists", () => {
    given(room, ...privateRoom)
      .when(join, userName(eli))
      .refused(RoomIsPrivate, { passing: true });
    given(room, openAs("direct"), arrived(dana)).when(join, userName(eli)).refused(RoomIsPrivate);
    expect(new RoomIsPrivate().message).toBe(new RoomUnknown().message);
  });

  it("is given by those who have one", () => {
    given(room, ...privateRoom)
      .when(add)
      .then(arrived(eli, dana));
    given(room, ...privateRoom, arrived(eli))
      .when(add)
      .nothing();
    given(room, ...privateRoom, arrived(eli))
      .when(join, userName(eli))
      .nothing();
  });

  it("is left by oneself, or taken by the owner, and by nobody else", () => {
    const left = (by: UserId) => E.ParticipantLeft({ userId: eli, by: userName(by) });
    given(room, ...publicRoom, arrived(eli))
      .when(drop(eli), userName(eli))
      .then(left(eli));
    given(room, ...publicRoom, arrived(eli))
      .when(drop(eli))
      .then(left(dana));
    given(room, ...publicRoom, arrived(eli))
      .when(drop(dana), userName(eli))
      .refused(NotRoomOwner);
    given(room, ...publicRoom)
      .when(drop(eli))
      .nothing();
  });

  it("whoever goes can still be spoken of, the newest hundred of them, until they are back", () => {
    const went = (userId: UserId) => E.ParticipantLeft({ userId, by: userName(userId) });
    const goneAfter = (...events: ReadonlyArray<E.RoomEvent>) =>
      Object.keys(given(room, ...publicRoom, ...events).state.gone);
    expect(goneAfter(arrived(eli), went(eli))).toEqual([eli]);
    expect(goneAfter(arrived(eli), went(eli), arrived(eli))).toEqual([]);
    const many = Array.from({ length: 101 }, (_, n) => `user_${n}` as UserId);
    expect(goneAfter(...many.flatMap((userId) => [arrived(userId), went(userId)]))).toEqual(many.slice(1));
  });

  it("is given back with the leaving", () => {
    given(room, ...publicRoom, arrived(eli), E.ParticipantLeft({ userId: eli, by: userName(eli) }))
      .when(post(), userName(eli))
      .refused(NotParticipant);
  });

  it.each(["constructor", "toString", "valueOf", "hasOwnProperty"])("is not held by a person called %s", (name) => {
    const stranger = name as UserId;
    given(room, ...privateRoom)
      .when(post(), userName(stranger))
      .refused(RoomIsPrivate);
    given(room, ...publicRoom)
      .when({ ...join, userId: stranger, words: named(name) }, userName(stranger))
      .then(arrived(stranger));
  });
});

describe("without a seat", () => {
  const commands: ReadonlyArray<Asked<RoomCommand>> = [
    add,
    drop(eli),
    invite,
    dismiss,
    post(),
    invoke,
    { type: "CloseRoom" },
  ];

  it.each(commands)("$type is refused, in words that do not give a private room away", (command) => {
    given(room, ...publicRoom, brought())
      .when(command, userName(eli))
      .refused(NotParticipant, { passing: true });
    given(room, ...privateRoom, brought())
      .when(command, userName(eli))
      .refused(RoomIsPrivate, { passing: true });
  });
});

describe("agents", () => {
  const sentAway = (by: UserId) => E.AgentDismissed({ agentId: ada, by: userName(by) });

  it("are brought by any participant, once under one name", () => {
    given(room, ...publicRoom, arrived(eli))
      .when(invite, userName(eli))
      .then(brought(ada, "Ada", eli));
    given(room, ...publicRoom, brought())
      .when(invite)
      .nothing();
  });

  it("may be known by another name, and keep their place in the conversation", () => {
    const renamed = E.AgentInvited({ agentId: ada, name: "Countess", by: agentName(ada) });
    given(room, ...publicRoom, brought())
      .when({ ...invite, agentName: "Countess" }, agentName(ada))
      .then(renamed);
    expect(given(room, ...publicRoom, brought(), renamed).state.agents[ada]).toEqual({
      name: "Countess",
      invitedSeq: 3,
      active: true,
    });
  });

  it("tell of themselves that they were switched on or off, which is news once", () => {
    const was = (active: boolean) => E.AgentSwitched({ agentId: ada, active, by: agentName(ada) });
    const here = given(room, ...publicRoom, brought());
    expect(here.state.agents[ada]?.active).toBe(true);
    here.when(switched(true), agentName(ada)).nothing();
    here.when(switched(false), agentName(ada)).then(was(false));
    const off = given(room, ...publicRoom, brought(), was(false));
    off.when(switched(true), agentName(ada)).then(was(true));
    expect(given(room, ...publicRoom, brought(), was(false), brought(ada, "Adele")).state.agents[ada]).toMatchObject({
      ...{ name: "Adele", active: false },
    });
    for (const by of [userName(dana), agentName(bo)]) here.when(switched(false), by).refused(AgentNotHere);
    given(room, ...publicRoom)
      .when(switched(false), agentName(ada))
      .refused(AgentNotHere);
  });

  it("are not spoken to alone while they are switched off; what names them in passing is said", () => {
    const off = given(
      room,
      ...publicRoom,
      brought(),
      E.AgentSwitched({ agentId: ada, active: false, by: agentName(ada) }),
    );
    const to = (how: "invoked" | "mention") => post({ addressed: [{ agentId: ada, how }] });
    off.when(to("invoked")).refused(AgentIsInactive, { passing: true });
    off.when(to("mention")).then(postedAs(dana, [{ agentId: ada, how: "mention" }]));
  });

  it("cannot let themselves in", () => {
    given(room, ...publicRoom)
      .when(invite, agentName(ada))
      .refused(AgentNotHere, { agentId: ada });
    given(room, ...publicRoom, brought(bo, "Bo"))
      .when(invite, agentName(bo))
      .refused(NotParticipant);
  });

  it("are sent away by the owner, or go by themselves", () => {
    given(room, ...publicRoom, brought())
      .when(dismiss)
      .then(sentAway(dana));
    given(room, ...publicRoom, brought())
      .when(dismiss, agentName(ada))
      .then(E.AgentDismissed({ agentId: ada, by: agentName(ada) }));
    given(room, ...publicRoom, brought(), arrived(eli))
      .when(dismiss, userName(eli))
      .refused(NotRoomOwner);
    given(room, ...publicRoom)
      .when(dismiss)
      .nothing();
  });

  it("answer as long as they are here", () => {
    const turn = {
      turnId: turnId("one"),
      inReplyTo: messageId("one"),
      notice: false,
      stopped: false,
      model: "demo",
      tokensIn: 4,
      tokensOut: 2,
      tells: [dana],
    };
    const posted = (more: { readonly unknown?: ReadonlyArray<E.UnknownCall> }) =>
      E.MessagePosted(
        {
          ...{ messageId: messageId("re"), by: agentName(ada), chars: 3, hops: 1, replyTo: null, addressed: [] },
          ...{ brake: null, callsOff: false, turn: { ...turn, ...more } },
        },
        agentName(ada),
        said,
      );
    given(room, ...publicRoom, brought())
      .when(reply, agentName(ada))
      .then(posted({}));
    const unknown = [{ callId: callId("a"), tool: "clock" }];
    given(room, ...publicRoom, brought())
      .when({ ...reply, unknown }, agentName(ada))
      .then(posted({ unknown }));
    given(room, ...publicRoom, brought(), sentAway(dana))
      .when(reply, agentName(ada))
      .refused(AgentNotHere, { passing: true });
  });

  it("are asked to speak by participants, without a word", () => {
    given(room, ...publicRoom, brought())
      .when(invoke)
      .then(E.AgentInvoked({ messageId: messageId("one"), agentId: ada, by: userName(dana), replyTo: null }));
    given(room, ...publicRoom)
      .when(invoke)
      .refused(AgentNotHere, { passing: true });
  });
});

describe("a message", () => {
  it("is sealed under its author's key, and starts counting hops anew", () => {
    given(room, ...publicRoom, arrived(eli))
      .when(post(), userName(eli))
      .then(postedAs(eli));
  });

  it("names the agents that it addresses, and they must be here", () => {
    const addressed = [{ agentId: ada, how: "mention" }] as const;
    given(room, ...publicRoom, brought())
      .when(post({ addressed }))
      .then(postedAs(dana, addressed));
    given(room, ...publicRoom, brought(bo, "Bo"))
      .when(post({ addressed }))
      .refused(AgentNotHere, { agentId: ada });
  });
});

describe("closing a room", () => {
  it("is the owner's right, and final", () => {
    given(room, ...publicRoom)
      .when({ type: "CloseRoom" })
      .then(closed);
    given(room, ...publicRoom, arrived(eli))
      .when({ type: "CloseRoom" }, userName(eli))
      .refused(NotRoomOwner);
    expect(room.isFinal(given(room, ...publicRoom, closed).state)).toBe(true);
    expect(room.isFinal(given(room, ...publicRoom).state)).toBe(false);
  });
});
