-- One message. messages_pk.
INSERT INTO messages (room_id, seq, ordinal, id, kind, user_id, client_id, content, metadata, reply_to, thread_root_seq,
                      "timestamp", created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
