/** Takes what an agent is to learn: pasted or from a file, as text, as JSON items or as JSON lines; opened from the agent's memory. */
import { useMutation } from "@tanstack/react-query";
import { type ChangeEvent, type FormEvent, useState } from "react";
import { MAX_PASSAGE } from "#src/http/api.ts";
import { Dialog } from "../parts/dialog.tsx";
import { ProblemNotice } from "../parts/problem-notice.tsx";
import { idempotencyKey } from "../service/client.ts";
import { announce } from "../shell/announcer.tsx";
import { MAX_TRAINING_BYTES, type Operation, type TrainingFormat, train } from "./memory-service.ts";

const passages = `Cut at its paragraphs into passages of up to ${MAX_PASSAGE.toLocaleString()} characters, short paragraphs together; each passage becomes a memory.`;

const formats: { readonly [F in TrainingFormat]: { readonly label: string; readonly about: string } } = {
  text: { label: "Text or Markdown", about: passages },
  items: {
    label: "JSON items",
    about: "A list of memories: each has a content, and if you like memory_type, importance_score and about.",
  },
  lines: {
    label: "JSON lines",
    about: "A memory a line: content, and if you like memory_type, importance_score and about.",
  },
};

const isFormat = (value: string): value is TrainingFormat => Object.hasOwn(formats, value);
const formatOf = (name: string): TrainingFormat =>
  /\.(?:jsonl|ndjson)$/i.test(name) ? "lines" : /\.json$/i.test(name) ? "items" : "text";

const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;

/** A sentence where it is more than is taken at once; undefined where it is not. */
const tooMuch = (bytes: number): string | undefined =>
  bytes > MAX_TRAINING_BYTES
    ? `This is ${megabytes(bytes)}; ${megabytes(MAX_TRAINING_BYTES)} are taken at once. Split it, and teach one part after the other.`
    : undefined;

interface TrainProps {
  readonly agentId: string;
  readonly name: string;
  readonly onStarted: (operation: Operation) => void;
  readonly onClose: () => void;
}

export function TrainDialog({ agentId, name, onStarted, onClose }: TrainProps) {
  const [text, setText] = useState("");
  const [format, setFormat] = useState<TrainingFormat>("text");
  const [file, setFile] = useState<File>();
  const [headers, setHeaders] = useState(idempotencyKey);
  const bytes = file?.size ?? new TextEncoder().encode(text).length;
  const fault = tooMuch(bytes);
  const start = useMutation({
    mutationFn: async () => train(agentId, format, file === undefined ? text : await file.text(), headers),
    onSuccess: (operation) => {
      announce(`${name} has begun to learn.`);
      onStarted(operation);
      onClose();
    },
    // What is sent next may be something else: under the same key it would be refused as such.
    onError: () => setHeaders(idempotencyKey()),
  });
  const choose = ({ target }: ChangeEvent<HTMLInputElement>) => {
    const chosen = target.files?.[0];
    setFile(chosen);
    if (chosen) setFormat(formatOf(chosen.name));
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    start.mutate();
  };
  return (
    <Dialog title={`Teach ${name}`} onClose={onClose}>
      <form className="form" onSubmit={send}>
        <label>
          Paste here
          <textarea
            rows={6}
            value={text}
            disabled={file !== undefined}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <label>
          <span>
            Or choose a file <span className="hint">up to {megabytes(MAX_TRAINING_BYTES)}</span>
          </span>
          <input
            type="file"
            accept=".txt,.md,.markdown,.json,.jsonl,.ndjson,text/plain,text/markdown"
            onChange={choose}
          />
        </label>
        <label>
          <span>What it is</span>
          <select value={format} onChange={({ target }) => isFormat(target.value) && setFormat(target.value)}>
            {Object.entries(formats).map(([key, { label }]) => (
              <option key={key} value={key}>
                {label}
              </option>
            ))}
          </select>
          <span className="hint">{formats[format].about}</span>
        </label>
        {fault && (
          <p className="failure" role="alert">
            {fault}
          </p>
        )}
        {start.isError && <ProblemNotice error={start.error} />}
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className="primary"
            disabled={start.isPending || fault !== undefined || (file === undefined && text.trim() === "")}
          >
            {start.isPending ? "Sending…" : "Teach"}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
