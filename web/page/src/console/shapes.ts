// What tools and resources answer, as far as the console shows it.

/** Token is an access token on record. Without scope or rooms it is for all of them. */
export interface Token {
  id: string;
  subject?: string;
  name?: string;
  role?: string;
  scope?: string;
  room_ids?: string[];
  client?: string;
  issued_at?: string;
  expires_at?: string;
  revoked_at?: string;
  last_used_at?: string;
}

/** TokenPage is roomkey://tokens. */
export interface TokenPage extends Page {
  tokens: Token[];
}

/** User is somebody on record. */
export interface User {
  user: string;
  name: string;
  role: string;
  source: string;
  created_at: string;
  last_seen_at?: string;
  disabled_at?: string;
}

/** UserPage is roomkey://users. */
export interface UserPage extends Page {
  users: User[];
}

/** Webhook is a program elsewhere that is told events. */
export interface Webhook {
  id: string;
  url: string;
  kinds?: string[];
  configured: boolean;
  created_at: string;
  pending_rooms: number;
  pending_since?: string;
  next_attempt_at?: string;
}

/** WebhookList is roomkey://webhooks. */
export interface WebhookList {
  webhooks: Webhook[];
}

/** Delivery is one event for one endpoint. */
export interface Delivery {
  event_id: string;
  type?: string;
  room_id?: string;
  room_name?: string;
  state: string;
  attempts: number;
  status?: number;
  problem?: string;
  taken_at: string;
  done_at?: string;
  next_at?: string;
}

/** DeliveryPage is roomkey://webhooks/{endpoint}. */
export interface DeliveryPage extends Page {
  deliveries: Delivery[];
}

/** Room is a room in a list or by itself. Of a private room of others only name and is_active are known. */
export interface Room {
  id: string;
  name: string;
  title?: string;
  created_by: string;
  admin_id: string;
  admins?: string[];
  is_active: boolean;
  is_public: boolean;
  mode: string;
  max_participants: number;
  settings: Record<string, boolean>;
  starts_at?: string;
  expires_at?: string;
  created_at: string;
  join_url: string;
}

/** RoomInList says also what the caller has to do with the room. */
export interface RoomInList extends Room {
  relationship: string;
  num_participants?: number;
}

/** Page is the end of an answer that is one page of a list. */
export interface Page {
  has_more: boolean;
  next_cursor?: string;
}

export interface RoomPage extends Page {
  rooms: RoomInList[];
}

/** RoomDetails are what get_room says. Codes are told to admins alone. */
export interface RoomDetails {
  room: Room;
  num_participants?: number;
  codes?: Code[];
}

/** Somebody is a person in any list. Unless verified, anybody can have typed name and user id. */
export interface Somebody {
  name: string;
  user_id?: string;
  verified: boolean;
  label?: string;
}

export interface Participant extends Somebody {
  identity: string;
  role?: string;
  joined_at: string;
  tracks: { source: string; muted: boolean }[];
  is_admin?: boolean;
  locked?: string[];
}

export interface JoinRequest extends Somebody {
  request_id: string;
  role: string;
  created_at: string;
}

export interface Block extends Somebody {
  identity: string;
  reason?: string;
  blocked_by: string;
  created_at: string;
}

export interface People {
  participants: Participant[];
  join_requests: JoinRequest[];
  blocks: Block[];
}

export interface Code {
  code: string;
  role: string;
  label?: string;
  email?: string;
  enabled: boolean;
  uses: number;
  max_uses: number;
  expires_at?: string;
  last_used_at?: string;
  join_url: string;
  blocked?: boolean;
}

export interface CodePage extends Page {
  codes: Code[];
}

/** Event is a line of the audit trail. */
export interface Event {
  id: string;
  time: string;
  actor: string;
  via?: string;
  client?: string;
  kind: string;
  action: string;
  room_id: string;
  room_name: string;
  target?: string;
  user_id?: string;
  verified?: boolean;
  label?: string;
  outcome: string;
  details?: Record<string, string>;
}

export interface EventPage extends Page {
  events: Event[];
  after?: string;
}

export interface SessionRow {
  id: string;
  room_id: string;
  started_at: string;
  ended_at?: string;
  ended_because?: string;
  peak: number;
  people: number;
}

export interface SessionPage extends Page {
  sessions: SessionRow[];
}

export interface Attendee extends Somebody {
  identity: string;
  role: string;
  joined_at: string;
  left_at?: string;
  seconds_inside: number;
  /** seconds_speaking is missing where nobody listened. */
  seconds_speaking?: number;
  connections: number;
}

export interface SessionDetails extends Page {
  session: Omit<SessionRow, 'people'> & { num_people: number; people: Attendee[] };
}

/** Finding is what a check of the server has found. */
export interface Finding {
  check: string;
  status: string;
  detail: string;
  hint?: string;
}

/** Examination is what the server has found when it examined itself. */
export interface Examination {
  examined_at?: string;
  findings: Finding[];
}

/** TranscriptEntry is something that was written, by a person (chat) or by an agent. */
export interface TranscriptEntry {
  at: string;
  identity: string;
  name: string;
  source: string;
  text: string;
}

export interface TranscriptPage extends Page {
  entries: TranscriptEntry[];
}
