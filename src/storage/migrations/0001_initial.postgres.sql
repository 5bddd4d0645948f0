-- Every table of the design. No column below has a default where only we must be able to write: an older service's
-- inserts fail instead of making rows without a number. Keys are compared as bytes (COLLATE "C"): a new version of the
-- system's collations cannot spoil an index.
CREATE TABLE users (
  id              uuid NOT NULL,
  name            text NOT NULL,
  username        text COLLATE "C" NOT NULL,
  username_folded text COLLATE "C" NOT NULL,
  password        text,
  created_at      timestamptz NOT NULL,
  disabled_at     timestamptz,
  token_version   bigint NOT NULL,
  last_seq        bigint NOT NULL,
  external_issuer text COLLATE "C",
  external_id     text COLLATE "C",
  CONSTRAINT users_pk PRIMARY KEY (id)
);
CREATE UNIQUE INDEX users_username ON users (username);
-- Not unique: an adopted database may hold accounts that differ only in case. New ones are checked under a lock.
CREATE INDEX users_username_folded ON users (username_folded);
CREATE UNIQUE INDEX users_external ON users (external_issuer, external_id) WHERE external_id IS NOT NULL;

-- The hot row of a room: half of each page is left free, so that a new version of the row finds place beside the old.
CREATE TABLE rooms (
  id            uuid NOT NULL,
  name          text COLLATE "C",
  description   text,
  creator_id    uuid NOT NULL,
  created_at    timestamptz NOT NULL,
  kind          text NOT NULL,
  hidden        boolean NOT NULL,
  direct_key    text COLLATE "C",
  last_seq      bigint NOT NULL,
  first_seq     bigint NOT NULL,
  message_count bigint NOT NULL,
  CONSTRAINT rooms_pk PRIMARY KEY (id),
  CONSTRAINT rooms_creator FOREIGN KEY (creator_id) REFERENCES users (id),
  CONSTRAINT rooms_kind CHECK (kind IN ('public', 'private', 'direct'))
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX rooms_public_name ON rooms (name) WHERE kind = 'public';
CREATE INDEX rooms_public_listing ON rooms (created_at, id) WHERE kind = 'public';
CREATE UNIQUE INDEX rooms_direct_key ON rooms (direct_key);

CREATE TABLE room_members (
  room_id      uuid NOT NULL,
  user_id      uuid NOT NULL,
  role         text NOT NULL,
  joined_seq   bigint NOT NULL,
  read_ordinal bigint NOT NULL,
  joined_at    timestamptz NOT NULL,
  CONSTRAINT room_members_pk PRIMARY KEY (room_id, user_id),
  CONSTRAINT room_members_room FOREIGN KEY (room_id) REFERENCES rooms (id),
  CONSTRAINT room_members_user FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT room_members_role CHECK (role IN ('member', 'moderator', 'admin', 'owner'))
) WITH (fillfactor = 80);
CREATE INDEX room_members_user_id ON room_members (user_id);

-- No foreign keys: the room's row is locked by the transaction that inserts, and users are never deleted.
CREATE TABLE messages (
  room_id         uuid NOT NULL,
  seq             bigint NOT NULL,
  ordinal         bigint NOT NULL,
  id              uuid NOT NULL,
  kind            text NOT NULL,
  user_id         uuid NOT NULL,
  client_id       text COLLATE "C",
  content         text NOT NULL,
  metadata        text,
  reply_to        uuid,
  thread_root_seq bigint,
  "timestamp"     timestamptz NOT NULL,
  created_at      timestamptz NOT NULL,
  edited_at       timestamptz,
  deleted_at      timestamptz,
  CONSTRAINT messages_pk PRIMARY KEY (room_id, seq)
);
CREATE UNIQUE INDEX messages_ordinal ON messages (room_id, ordinal);
CREATE UNIQUE INDEX messages_id ON messages (room_id, id);
CREATE UNIQUE INDEX messages_client_id ON messages (room_id, user_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX messages_deleted ON messages (room_id, ordinal) WHERE deleted_at IS NOT NULL;
CREATE INDEX messages_thread ON messages (room_id, thread_root_seq, seq) WHERE thread_root_seq IS NOT NULL;

CREATE TABLE room_events (
  room_id     uuid NOT NULL,
  seq         bigint NOT NULL,
  id          uuid NOT NULL,
  kind        text NOT NULL,
  actor_id    uuid NOT NULL,
  client_id   text COLLATE "C",
  message_seq bigint,
  payload     text NOT NULL,
  created_at  timestamptz NOT NULL,
  CONSTRAINT room_events_pk PRIMARY KEY (room_id, seq)
);
CREATE UNIQUE INDEX room_events_id ON room_events (room_id, id);
CREATE UNIQUE INDEX room_events_client_id ON room_events (room_id, actor_id, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE user_events (
  user_id    uuid NOT NULL,
  seq        bigint NOT NULL,
  id         uuid NOT NULL,
  kind       text NOT NULL,
  payload    text NOT NULL,
  created_at timestamptz NOT NULL,
  CONSTRAINT user_events_pk PRIMARY KEY (user_id, seq)
);
CREATE UNIQUE INDEX user_events_id ON user_events (user_id, id);

CREATE TABLE reactions (
  room_id     uuid NOT NULL,
  message_seq bigint NOT NULL,
  user_id     uuid NOT NULL,
  reaction    text COLLATE "C" NOT NULL,
  created_at  timestamptz NOT NULL,
  CONSTRAINT reactions_pk PRIMARY KEY (room_id, message_seq, user_id, reaction)
);

CREATE TABLE pins (
  room_id     uuid NOT NULL,
  message_seq bigint NOT NULL,
  pinned_by   uuid NOT NULL,
  created_at  timestamptz NOT NULL,
  CONSTRAINT pins_pk PRIMARY KEY (room_id, message_seq)
);

-- One row. system_identifier and timeline tell a restored or promoted server from the one that gave out the numbers.
CREATE TABLE database_info (
  singleton         integer NOT NULL,
  epoch             text NOT NULL,
  schema_version    bigint NOT NULL,
  system_identifier text,
  timeline          bigint,
  CONSTRAINT database_info_pk PRIMARY KEY (singleton),
  CONSTRAINT database_info_one_row CHECK (singleton = 1)
);
