/** Where one writes: Enter sends, Shift+Enter breaks the line, `@` offers the room's agents, Escape twice stops those at work, and what is not sent stays a draft. */
import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { MAX_MESSAGE_BYTES, type Participant } from "#actors/room/frames.ts";
import { Icon } from "../parts/icon.tsx";
import { announce } from "../shell/announcer.tsx";
import { MentionList } from "./mention-list.tsx";
import { candidates, completed, type Mention, mentionAt } from "./mentions.ts";
import { draftOf, keepDraft } from "./room-memory.ts";
import { useSecondEscape } from "./second-escape.ts";

interface ComposerProps {
  readonly roomId: string;
  readonly roomName: string;
  readonly agents: ReadonlyArray<Participant>;
  /** The names of the agents that a second Escape would stop. */
  readonly atWork: ReadonlyArray<string>;
  readonly onSend: (text: string) => void;
  readonly onStop: () => void;
}

const size = (text: string) => new TextEncoder().encode(text).length;

/** On a touch screen the keyboard would cover half the room before anybody asked for it. */
const mayTakeFocus = () => matchMedia("(pointer: fine) and (min-width: 60rem)").matches;

/** A text field is a combobox only while it offers something: it has many lines, a combobox has one. */
const combobox = (listId: string, chosen: number) => ({
  role: "combobox",
  "aria-expanded": true,
  "aria-controls": listId,
  "aria-activedescendant": `${listId}-${chosen}`,
});

const listed = new Intl.ListFormat("en");

/** The names offered for the mention at the caret, which of them is chosen, and what completes it. */
function useMentions(agents: ReadonlyArray<Participant>) {
  const [mention, setMention] = useState<Mention>();
  const [chosen, setChosen] = useState(0);
  const offered = mention ? candidates(agents, mention.query) : [];
  const look = (element: HTMLTextAreaElement) => {
    const found =
      element.selectionStart === element.selectionEnd ? mentionAt(element.value, element.selectionStart) : undefined;
    setMention(found);
    if (found?.start !== mention?.start || found?.query !== mention?.query) setChosen(0);
  };
  const move = (by: number) => setChosen((index) => (index + by + offered.length) % offered.length);
  return { mention, offered, chosen, look, move, dismiss: () => setMention(undefined) };
}

export function Composer({ roomId, roomName, agents, atWork, onSend, onStop }: ComposerProps) {
  const [text, setText] = useState(() => draftOf(roomId));
  const field = useRef<HTMLTextAreaElement>(null);
  const caret = useRef<number>(undefined);
  const listId = useId();
  const { mention, offered, chosen, look, move, dismiss } = useMentions(agents);
  const open = mention !== undefined && offered.length > 0;
  const { armed, press, disarm } = useSecondEscape(atWork.length > 0, onStop);
  const escapeHint = `Escape once more stops ${listed.format(atWork)}.`;
  const tooLong = size(text) > MAX_MESSAGE_BYTES;

  useEffect(() => keepDraft(roomId, text), [roomId, text]);
  useEffect(() => {
    if (mayTakeFocus()) field.current?.focus({ preventScroll: true });
  }, []);
  useLayoutEffect(() => {
    if (caret.current === undefined) return;
    field.current?.setSelectionRange(caret.current, caret.current);
    caret.current = undefined;
  });

  const pick = (name: string) => {
    if (mention === undefined) return;
    const done = completed(text, mention, name);
    setText(done.text);
    caret.current = done.caret;
    dismiss();
    field.current?.focus();
  };
  const send = () => {
    const trimmed = text.trim();
    if (trimmed === "" || tooLong) return;
    onSend(trimmed);
    setText("");
    dismiss();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    const name = offered[chosen]?.name;
    if (open && name !== undefined) {
      const steps: Record<string, () => void> = {
        ArrowDown: () => move(1),
        ArrowUp: () => move(-1),
        Enter: () => pick(name),
        Tab: () => pick(name),
        Escape: dismiss,
      };
      const step = event.shiftKey ? undefined : steps[event.key];
      if (step) {
        event.preventDefault();
        step();
        return;
      }
    }
    if (event.key === "Escape") {
      if (atWork.length > 0 && !armed) announce(escapeHint);
      press();
      return;
    }
    disarm();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  };

  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
        field.current?.focus();
      }}
    >
      {open && <MentionList id={listId} agents={offered} chosen={chosen} onPick={pick} />}
      <div className="composer-field">
        <textarea
          ref={field}
          rows={1}
          value={text}
          aria-label={`Message to ${roomName}`}
          placeholder={agents.length > 0 ? "Write here, @ calls an agent" : "Write here"}
          aria-autocomplete="list"
          {...(open ? combobox(listId, chosen) : {})}
          aria-invalid={tooLong || undefined}
          enterKeyHint="send"
          onChange={(event) => {
            setText(event.target.value);
            look(event.target);
          }}
          onSelect={(event) => look(event.currentTarget)}
          onBlur={dismiss}
          onKeyDown={onKeyDown}
        />
        <button type="submit" className="primary icon-only" aria-label="Send" disabled={text.trim() === "" || tooLong}>
          <Icon name="send" />
        </button>
      </div>
      {armed && <p className="hint composer-hint">{escapeHint}</p>}
      {tooLong && (
        <p className="failure" role="alert">
          This message is longer than a room takes ({Math.round(MAX_MESSAGE_BYTES / 1024)} KiB).
        </p>
      )}
    </form>
  );
}
