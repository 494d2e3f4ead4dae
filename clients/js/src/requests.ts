// What a client may say and ask, as docs/protocol.md has it. Own types are added by declaration:
//   declare module "@gateway/client" { interface Sends { typing: { room?: string } } }
import type { Position } from "./messages.js";

/** What `send` takes, by type. */
export interface Sends {
  chat: { room?: string; content: string; message_id?: string };
  direct: { to: string; content: string; message_id?: string };
  presence: { status: string };
}

/** The answer to what was sent. Direct messages and rooms without offsets have none. */
export interface Published {
  offset?: number;
}

export interface JoinAnswer extends Partial<Position> {
  room: string;
  /** This and the rest only in answer to `since`. */
  recovered?: boolean;
  replayed?: number;
  reason?: string;
}

export interface Member {
  user_id: string;
  username: string;
  client_id?: string;
  status: string;
  connected_at: string;
  connections: number;
}

export interface MemberList {
  room: string;
  /** Of all members, of which this may be a page. */
  count: number;
  /** A page: who came first stands first. */
  members: Member[];
  /** The `after` of the next page; absent on the last one. */
  next?: string;
  /** Only in answer to `counts`, in the place of `members`: on so many connections. */
  connections?: number;
}

export interface HistoryPage {
  room: string;
  epoch: string;
  messages: { offset: number; type: string; payload: unknown }[];
  /** Is there more in the direction of paging? */
  more: boolean;
}

/** What `request` takes and brings, by type. */
export interface Requests {
  history: { payload: { room?: string; limit?: number; before?: number; after?: number }; answer: HistoryPage };
  presence: { payload: { room?: string; limit?: number; after?: string; counts?: boolean }; answer: MemberList };
  ping: { payload: unknown; answer: { time: string } };
}
