/** The ways through the application: a column with the rooms on wide screens, a bar at the bottom on narrow ones. */
import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { Icon, type IconName } from "../parts/icon.tsx";
import { roomsQuery } from "../service/queries.ts";

const places: ReadonlyArray<{ readonly href: string; readonly label: string; readonly icon: IconName }> = [
  { href: "/rooms", label: "Rooms", icon: "rooms" },
  { href: "/agents", label: "Agents", icon: "agents" },
  { href: "/me", label: "About me", icon: "me" },
];

function PlaceLinks() {
  const [location] = useLocation();
  return (
    <ul>
      {places.map(({ href, label, icon }) => (
        <li key={href}>
          <Link
            href={href}
            aria-current={location.startsWith(href) ? (location === href ? "page" : "true") : undefined}
          >
            <Icon name={icon} /> {label}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function RoomLinks() {
  const [location] = useLocation();
  const rooms = useQuery(roomsQuery).data?.filter((room) => room.joined) ?? [];
  if (rooms.length === 0) return null;
  return (
    <>
      <h2 id="your-rooms">Your rooms</h2>
      <ul aria-labelledby="your-rooms">
        {rooms.map((room) => (
          <li key={room.id}>
            <Link href={`/rooms/${room.id}`} aria-current={location === `/rooms/${room.id}` ? "page" : undefined}>
              <span className="room-link">{room.name}</span>
            </Link>
          </li>
        ))}
      </ul>
    </>
  );
}

export const SideNavigation = () => (
  <nav className="side-navigation" aria-label="Main">
    <PlaceLinks />
    <RoomLinks />
  </nav>
);

export const BottomNavigation = () => (
  <nav className="bottom-navigation" aria-label="Main">
    <PlaceLinks />
  </nav>
);
