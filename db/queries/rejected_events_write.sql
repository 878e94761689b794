-- Puts refused events into the quarantine; see the function of that name.
-- $1 rejection_id, $2 event_type, $3 session_id, $4 event_id, $5 occurred_at, $6 received_at, $7 payload, $8 findings: arrays of one length.
SELECT rejected_events_write($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::jsonb[])
