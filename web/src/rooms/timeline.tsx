/** A room's messages: only the visible rows exist, the newest stays in view unless one has scrolled away, older ones load on the way up. */
import { type ReactElement, type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Virtualizer } from "virtua";
import { Icon } from "../parts/icon.tsx";
import { Skeleton } from "../parts/placeholder.tsx";
import type { Row } from "./room-rows.ts";

interface TimelineProps {
  readonly rows: ReadonlyArray<Row>;
  readonly hasOlder: boolean;
  readonly loadingOlder: boolean;
  readonly onOlder: () => void;
  readonly children: (row: Row) => ReactElement;
}

/** This near to the end still counts as being there: rows settle by a few pixels while they are measured. */
const NEAR_PX = 60;
const OLDER_PX = 600;

/** Follows the end while the reader is there; a reader who scrolls up is left in peace. */
function useFollowing(frame: RefObject<HTMLElement | null>) {
  const [following, setFollowing] = useState(true);
  const place = useRef({ following: true, top: 0 });
  const follow = useCallback((value: boolean) => {
    place.current.following = value;
    setFollowing(value);
  }, []);
  const toEnd = useCallback(() => {
    if (frame.current) frame.current.scrollTop = frame.current.scrollHeight;
  }, [frame]);
  const notice = useCallback(() => {
    const element = frame.current;
    if (!element) return;
    const distance = element.scrollHeight - element.clientHeight - element.scrollTop;
    const up = element.scrollTop < place.current.top - 2;
    place.current.top = element.scrollTop;
    if (distance < NEAR_PX) follow(true);
    else if (up) follow(false);
  }, [frame, follow]);
  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      if (place.current.following) toEnd();
    });
    observer.observe(element);
    for (const child of element.children) observer.observe(child);
    return () => observer.disconnect();
  }, [frame, toEnd]);
  const jump = useCallback(() => {
    follow(true);
    toEnd();
  }, [follow, toEnd]);
  return { following, notice, jump };
}

/** True in the one rendering in which rows were put in front: only then may the list keep its place from its end. */
function usePrepended(rows: ReadonlyArray<Row>): boolean {
  const first = rows.find((row) => row.kind === "message")?.id;
  const before = useRef(first);
  const prepended = before.current !== undefined && first !== before.current;
  useEffect(() => {
    before.current = first;
  }, [first]);
  return prepended;
}

/** How many rows have come since the reader left the end. */
function useNews(rows: ReadonlyArray<Row>, following: boolean): number {
  const seen = useRef(0);
  const count = rows.filter((row) => row.kind === "message").length;
  const last = rows.findLast((row) => row.kind === "message")?.id;
  const seenLast = useRef(last);
  if (following || last === seenLast.current) {
    seen.current = count;
    seenLast.current = last;
  }
  return count - seen.current;
}

export function Timeline({ rows, hasOlder, loadingOlder, onOlder, children }: TimelineProps) {
  const frame = useRef<HTMLElement>(null);
  const { following, notice, jump } = useFollowing(frame);
  const prepended = usePrepended(rows);
  const news = useNews(rows, following);
  const scrolled = useCallback(() => {
    notice();
    if (hasOlder && !loadingOlder && (frame.current?.scrollTop ?? OLDER_PX) < OLDER_PX) onOlder();
  }, [notice, hasOlder, loadingOlder, onOlder]);

  return (
    <div className="timeline">
      {loadingOlder && (
        <div className="timeline-older">
          <Skeleton lines={1} label="Loading older messages" />
        </div>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="timeline-frame" ref={frame} tabIndex={0} aria-label="Messages" onScroll={scrolled}>
        <Virtualizer data={rows} scrollRef={frame} shift={prepended} as="ol" item="li" bufferSize={500}>
          {(row: Row) => (
            <div key={row.id} className="timeline-row">
              {children(row)}
            </div>
          )}
        </Virtualizer>
      </section>
      {!following && (
        <button type="button" className="pill" onClick={jump}>
          <Icon name="down" size={16} /> {news > 0 ? `${news} new` : "Latest"}
        </button>
      )}
    </div>
  );
}
