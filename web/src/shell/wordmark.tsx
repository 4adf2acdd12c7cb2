/** The name and its sign; leads home. */
import { Link } from "wouter";

export function Wordmark() {
  return (
    <Link href="/" className="wordmark">
      <svg viewBox="0 0 32 34" width="22" height="23" aria-hidden="true" focusable="false">
        <path
          d="M5 6c7.300 2.900 14.700 2.900 22 0v11.200c0 7-4.700 10.800-11 12.300C9.700 28 5 24.200 5 17.200z"
          fill="currentColor"
        />
        <path
          d="M9.800 13.800q2-1.800 4 0M18.200 13.800q2-1.800 4 0M11.300 19.500q4.700 4.300 9.400 0"
          fill="none"
          stroke="var(--strip)"
          strokeWidth="1.800"
          strokeLinecap="round"
        />
      </svg>
      Troupe
    </Link>
  );
}
