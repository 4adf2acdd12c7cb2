/** Says who speaks when in a room, and lets its owner choose; under the cast in the room's panel. */
import { useMutation } from "@tanstack/react-query";
import type { RoomView } from "#src/http/api.ts";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { call, client } from "../service/client.ts";
import { personId } from "../service/identity.ts";

type Mode = RoomView["mode"];

/** Each mode as one chooses it, and what it means for a message that names nobody. */
export const modes: { readonly [M in Mode]: { readonly label: string; readonly about: string } } = {
  mention: {
    label: "When spoken to",
    about: "An agent answers when it is named with @, replied to, or asked by name.",
  },
  natural: {
    label: "As they like",
    about: "What names nobody is offered to all agents, and each answers or does not.",
  },
  list: { label: "One after the other", about: "What names nobody is answered by every agent in turn." },
  pooled: { label: "One at a time", about: "What names nobody is answered by the agent that was silent longest." },
  manual: { label: "Only when called", about: "An agent answers when it is named with @, and to nothing else." },
};

const isMode = (value: string): value is Mode => Object.hasOwn(modes, value);

function Choice({ room }: { readonly room: RoomView }) {
  const choose = useMutation({
    mutationFn: (mode: Mode) => call(client.rooms.setRoomPolicy({ params: { id: room.id }, payload: { mode } })),
  });
  // The room tells everybody of the choice, the owner too: until then what was chosen is shown.
  const shown = choose.isPending ? choose.variables : room.mode;
  return (
    <>
      <select
        aria-label="Who speaks when"
        aria-describedby="turn-taking-about"
        value={shown}
        disabled={choose.isPending}
        onChange={(event) => isMode(event.target.value) && choose.mutate(event.target.value)}
      >
        {Object.entries(modes).map(([mode, { label }]) => (
          <option key={mode} value={mode}>
            {label}
          </option>
        ))}
      </select>
      {choose.isError && <ProblemNotice error={choose.error} />}
    </>
  );
}

export function TurnTaking({ room }: { readonly room: RoomView }) {
  const { label, about } = modes[room.mode];
  return (
    <section className="turn-taking">
      <h3>Who speaks when</h3>
      {room.created_by === personId ? <Choice room={room} /> : <p>{label}</p>}
      <p className="hint" id="turn-taking-about">
        {about}
      </p>
    </section>
  );
}
