-- Out of the way of the tables that migration 1 makes; its names of keys and indexes are none of Alembic's.
ALTER TABLE users RENAME TO chatd_old_users;
ALTER TABLE rooms RENAME TO chatd_old_rooms;
ALTER TABLE messages RENAME TO chatd_old_messages;
CREATE TABLE chatd_old_folded (id uuid PRIMARY KEY, folded text NOT NULL);
