/** Asks for a new room's name and who may come in; opened from the list of rooms. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { Dialog } from "../parts/dialog.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { call, client, idempotencyKey } from "../service/client.ts";
import { roomsQuery } from "../service/queries.ts";

const kinds = [
  { kind: "public", label: "Public", about: "Everybody here can find it and join." },
  { kind: "private", label: "Private", about: "Only those who are invited." },
  { kind: "direct", label: "Direct", about: "You and one agent, which answers without being named." },
] as const;

export function NewRoomDialog({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState<(typeof kinds)[number]["kind"]>("public");
  // One key for the life of the dialog: pressing twice makes one room.
  const [headers] = useState(idempotencyKey);
  const [, go] = useLocation();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () => call(client.rooms.createRoom({ payload: { name: name.trim(), kind } }), { headers }),
    onSuccess: (room) => {
      void queries.invalidateQueries({ queryKey: roomsQuery.queryKey });
      onClose();
      go(`/rooms/${room.id}`);
    },
  });
  return (
    <Dialog title="New room" onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate();
        }}
      >
        <label>
          Name
          <input value={name} onChange={(event) => setName(event.target.value)} required maxLength={100} />
        </label>
        <fieldset>
          <legend>Who may come in</legend>
          {kinds.map((one) => (
            <label key={one.kind} className="choice">
              <input type="radio" name="kind" checked={kind === one.kind} onChange={() => setKind(one.kind)} />
              <span>
                <b>{one.label}</b> <span className="hint">{one.about}</span>
              </span>
            </label>
          ))}
        </fieldset>
        {create.isError && <ProblemNotice error={create.error} />}
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="primary" disabled={create.isPending || name.trim() === ""}>
            Create room
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
