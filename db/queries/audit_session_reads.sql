-- Writes down reads of single sessions.
-- $1 when, $2 who, $3 event type and session, $4 address, $5 request id: arrays of one length.
SELECT audit_session_reads($1::timestamptz[], $2::text[], $3::text[], $4::text[], $5::text[])
