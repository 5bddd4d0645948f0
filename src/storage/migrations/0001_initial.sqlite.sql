-- Every table of the design. Ids are 32 hex characters, times UTC text of fixed width (so their order is time's). Tables
-- are kept in the order of their key (WITHOUT ROWID): a page of a room's history is a stretch of neighbours.
-- No column below has a default where only we must be able to write: an older service's inserts fail instead of making
-- rows without a number.
CREATE TABLE users (
  id              CHAR(32) NOT NULL,
  name            text NOT NULL,
  username        text NOT NULL,
  username_folded text NOT NULL,
  password        text,
  created_at      text NOT NULL,
  disabled_at     text,
  token_version   integer NOT NULL,
  last_seq        integer NOT NULL,
  external_issuer text,
  external_id     text,
  CONSTRAINT users_pk PRIMARY KEY (id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX users_username ON users (username);
-- Not unique: an adopted database may hold accounts that differ only in case. New ones are checked under a lock.
CREATE INDEX users_username_folded ON users (username_folded);
CREATE UNIQUE INDEX users_external ON users (external_issuer, external_id) WHERE external_id IS NOT NULL;

CREATE TABLE rooms (
  id            CHAR(32) NOT NULL,
  name          text,
  description   text,
  creator_id    CHAR(32) NOT NULL,
  created_at    text NOT NULL,
  kind          text NOT NULL,
  hidden        integer NOT NULL,
  direct_key    text,
  last_seq      integer NOT NULL,
  first_seq     integer NOT NULL,
  message_count integer NOT NULL,
  CONSTRAINT rooms_pk PRIMARY KEY (id),
  CONSTRAINT rooms_creator FOREIGN KEY (creator_id) REFERENCES users (id),
  CONSTRAINT rooms_kind CHECK (kind IN ('public', 'private', 'direct'))
) WITHOUT ROWID;
CREATE UNIQUE INDEX rooms_public_name ON rooms (name) WHERE kind = 'public';
CREATE INDEX rooms_public_listing ON rooms (created_at, id) WHERE kind = 'public';
CREATE UNIQUE INDEX rooms_direct_key ON rooms (direct_key);

CREATE TABLE room_members (
  room_id      CHAR(32) NOT NULL,
  user_id      CHAR(32) NOT NULL,
  role         text NOT NULL,
  joined_seq   integer NOT NULL,
  read_ordinal integer NOT NULL,
  joined_at    text NOT NULL,
  CONSTRAINT room_members_pk PRIMARY KEY (room_id, user_id),
  CONSTRAINT room_members_room FOREIGN KEY (room_id) REFERENCES rooms (id),
  CONSTRAINT room_members_user FOREIGN KEY (user_id) REFERENCES users (id),
  CONSTRAINT room_members_role CHECK (role IN ('member', 'moderator', 'admin', 'owner'))
) WITHOUT ROWID;
CREATE INDEX room_members_user_id ON room_members (user_id);

-- No foreign keys: the room's row is locked by the transaction that inserts, and users are never deleted.
CREATE TABLE messages (
  room_id         CHAR(32) NOT NULL,
  seq             integer NOT NULL,
  ordinal         integer NOT NULL,
  id              CHAR(32) NOT NULL,
  kind            text NOT NULL,
  user_id         CHAR(32) NOT NULL,
  client_id       text,
  content         text NOT NULL,
  metadata        text,
  reply_to        CHAR(32),
  thread_root_seq integer,
  "timestamp"     text NOT NULL,
  created_at      text NOT NULL,
  edited_at       text,
  deleted_at      text,
  CONSTRAINT messages_pk PRIMARY KEY (room_id, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX messages_ordinal ON messages (room_id, ordinal);
CREATE UNIQUE INDEX messages_id ON messages (room_id, id);
CREATE UNIQUE INDEX messages_client_id ON messages (room_id, user_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX messages_deleted ON messages (room_id, ordinal) WHERE deleted_at IS NOT NULL;
CREATE INDEX messages_thread ON messages (room_id, thread_root_seq, seq) WHERE thread_root_seq IS NOT NULL;

CREATE TABLE room_events (
  room_id     CHAR(32) NOT NULL,
  seq         integer NOT NULL,
  id          CHAR(32) NOT NULL,
  kind        text NOT NULL,
  actor_id    CHAR(32) NOT NULL,
  client_id   text,
  message_seq integer,
  payload     text NOT NULL,
  created_at  text NOT NULL,
  CONSTRAINT room_events_pk PRIMARY KEY (room_id, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX room_events_id ON room_events (room_id, id);
CREATE UNIQUE INDEX room_events_client_id ON room_events (room_id, actor_id, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE user_events (
  user_id    CHAR(32) NOT NULL,
  seq        integer NOT NULL,
  id         CHAR(32) NOT NULL,
  kind       text NOT NULL,
  payload    text NOT NULL,
  created_at text NOT NULL,
  CONSTRAINT user_events_pk PRIMARY KEY (user_id, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX user_events_id ON user_events (user_id, id);

CREATE TABLE reactions (
  room_id     CHAR(32) NOT NULL,
  message_seq integer NOT NULL,
  user_id     CHAR(32) NOT NULL,
  reaction    text NOT NULL,
  created_at  text NOT NULL,
  CONSTRAINT reactions_pk PRIMARY KEY (room_id, message_seq, user_id, reaction)
) WITHOUT ROWID;

CREATE TABLE pins (
  room_id     CHAR(32) NOT NULL,
  message_seq integer NOT NULL,
  pinned_by   CHAR(32) NOT NULL,
  created_at  text NOT NULL,
  CONSTRAINT pins_pk PRIMARY KEY (room_id, message_seq)
) WITHOUT ROWID;

-- One row. system_identifier and timeline are PostgreSQL's.
CREATE TABLE database_info (
  singleton         integer NOT NULL,
  epoch             text NOT NULL,
  schema_version    integer NOT NULL,
  system_identifier text,
  timeline          integer,
  CONSTRAINT database_info_pk PRIMARY KEY (singleton),
  CONSTRAINT database_info_one_row CHECK (singleton = 1)
) WITHOUT ROWID;
