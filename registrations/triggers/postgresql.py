"""The triggers on PostgreSQL, for whole statements where possible.

A session plans each statement once, for the rows of the first write. So none joins the written rows: a plan for one
row took 13 s for 10,000.
"""

import hashlib
import re

# {schema} and the names of the tables are filled in.
SQL = """
CREATE OR REPLACE FUNCTION {schema}.registrations_count_seats() RETURNS trigger LANGUAGE plpgsql AS $fn$
DECLARE d record;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    UPDATE {events} SET seats_taken = 0, waitlisted = 0 WHERE seats_taken <> 0 OR waitlisted <> 0;
    RETURN NULL;
  ELSIF TG_OP = 'INSERT' THEN
    FOR d IN
      SELECT event_id, count(*) FILTER (WHERE status IN ('registered', 'attended'))::int AS seats,
             count(*) FILTER (WHERE status = 'waitlisted')::int AS waiting
        FROM new_rows WHERE status IN ('registered', 'attended', 'waitlisted')
       GROUP BY event_id ORDER BY event_id
    LOOP
      UPDATE {events} SET seats_taken = seats_taken + d.seats, waitlisted = waitlisted + d.waiting
       WHERE id = d.event_id;
    END LOOP;
  ELSIF TG_OP = 'DELETE' THEN
    FOR d IN
      SELECT event_id, count(*) FILTER (WHERE status IN ('registered', 'attended'))::int AS seats,
             count(*) FILTER (WHERE status = 'waitlisted')::int AS waiting
        FROM old_rows WHERE status IN ('registered', 'attended', 'waitlisted')
       GROUP BY event_id ORDER BY event_id
    LOOP
      UPDATE {events} SET seats_taken = seats_taken - d.seats, waitlisted = waitlisted - d.waiting
       WHERE id = d.event_id;
    END LOOP;
  ELSE
    FOR d IN
      SELECT event_id, sum(n * (status IN ('registered', 'attended'))::int)::int AS seats,
             sum(n * (status = 'waitlisted')::int)::int AS waiting
        FROM (SELECT event_id, status, 1 AS n FROM new_rows
              UNION ALL SELECT event_id, status, -1 FROM old_rows) AS moved
       GROUP BY event_id
      HAVING sum(n * (status IN ('registered', 'attended'))::int) <> 0 OR sum(n * (status = 'waitlisted')::int) <> 0
       ORDER BY event_id
    LOOP
      UPDATE {events} SET seats_taken = seats_taken + d.seats, waitlisted = waitlisted + d.waiting
       WHERE id = d.event_id;
    END LOOP;
  END IF;
  RETURN NULL;
END $fn$;

CREATE OR REPLACE FUNCTION {schema}.registrations_lock_event() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
  SELECT organizer_id INTO NEW.organizer_id FROM {events} WHERE id = NEW.event_id FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE foreign_key_violation USING MESSAGE = format('event %s does not exist', NEW.event_id),
      TABLE = 'registrations_registration', CONSTRAINT = 'registration_event_exists';
  END IF;
  IF TG_NAME = 'registrations_organizer_upd' THEN
    RETURN NEW;
  END IF;
  IF NEW.status = 'waitlisted' AND (TG_OP = 'UPDATE' OR NEW.queue_number IS NULL) THEN
    -- The last row of the index, said so that no statistics can make it all of the queue, for every row of a list.
    NEW.queue_number := 1 + coalesce((
      SELECT queue_number FROM {registrations}
       WHERE event_id = NEW.event_id AND status = 'waitlisted' AND queue_number IS NOT NULL
       ORDER BY queue_number DESC LIMIT 1), 0);
  END IF;
  RETURN NEW;
END $fn$;

CREATE OR REPLACE FUNCTION {schema}.events_guard_counts() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
  SELECT count(*) FILTER (WHERE status IN ('registered', 'attended')), count(*) FILTER (WHERE status = 'waitlisted')
    INTO NEW.seats_taken, NEW.waitlisted
    FROM {registrations} WHERE event_id = NEW.id AND status IN ('registered', 'attended', 'waitlisted');
  RETURN NEW;
END $fn$;

CREATE OR REPLACE FUNCTION {schema}.events_hand_over() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
  UPDATE {registrations} SET organizer_id = NEW.organizer_id WHERE event_id = NEW.id;
  RETURN NULL;
END $fn$;

CREATE OR REPLACE FUNCTION {schema}.events_touch() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
  NEW.updated_at := clock_timestamp();
  NEW.saved_through := 'database';
  RETURN NEW;
END $fn$;

CREATE OR REPLACE FUNCTION {schema}.registrations_stamp() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
  NEW.status_since := clock_timestamp();
  NEW.status_by_id := NULL;
  NEW.status_through := 'database';
  RETURN NEW;
END $fn$;

CREATE OR REPLACE FUNCTION {schema}.registrations_log() RETURNS trigger LANGUAGE plpgsql AS $fn$
DECLARE gone bigint;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO {log} (registration_id, was, becomes, at, by_id, through)
    SELECT id, '', status, status_since, status_by_id, status_through FROM new_rows ORDER BY id;
  ELSIF TG_OP = 'UPDATE' THEN
    INSERT INTO {log} (registration_id, was, becomes, at, by_id, through)
    SELECT id, max(was), max(becomes), max(at), max(by_id), max(through)
      FROM (SELECT id, NULL AS was, status AS becomes, status_since AS at, status_by_id AS by_id,
                   status_through AS through FROM new_rows
            UNION ALL SELECT id, status, NULL, NULL, NULL, NULL FROM old_rows) AS moved
     GROUP BY id HAVING max(was) <> max(becomes) ORDER BY id;
  ELSIF TG_OP = 'DELETE' THEN
    FOR gone IN SELECT id FROM old_rows LOOP
      DELETE FROM {log} WHERE registration_id = gone;
    END LOOP;
    INSERT INTO {removals} (registration_id, event_id, user_id, name, was, at, through)
    SELECT id, event_id, user_id, name,
           CASE WHEN status = 'registered' AND confirm_by IS NOT NULL THEN 'on_hold' ELSE status END,
           clock_timestamp(), 'database' FROM old_rows
     WHERE status IN ('registered', 'attended', 'waitlisted') AND user_id IS NOT NULL ORDER BY id;
  ELSE
    DELETE FROM {log};
  END IF;
  RETURN NULL;
END $fn$;

CREATE OR REPLACE FUNCTION {schema}.registrations_forget() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
  IF TG_WHEN = 'BEFORE' THEN
    NEW.status_by_id := nullif(NEW.status_by_id, OLD.user_id);
    RETURN NEW;
  END IF;
  UPDATE {log} SET by_id = nullif(by_id, OLD.user_id), reason = ''
   WHERE registration_id = NEW.id AND (by_id = OLD.user_id OR reason <> '');
  RETURN NULL;
END $fn$;

CREATE OR REPLACE FUNCTION {schema}.registrations_keep_log() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF NOT EXISTS (SELECT 1 FROM {registrations} WHERE id = OLD.registration_id) THEN
      RETURN OLD;
    END IF;
  ELSIF (NEW.id, NEW.registration_id, NEW.was, NEW.becomes, NEW.at, NEW.through)
      = (OLD.id, OLD.registration_id, OLD.was, OLD.becomes, OLD.at, OLD.through)
    AND ((OLD.reason = '' AND NEW.becomes = 'cancelled' AND NEW.by_id IS NOT DISTINCT FROM OLD.by_id)
      OR (NEW.reason = '' AND (NEW.by_id IS NULL OR NEW.by_id = OLD.by_id)
        AND EXISTS (SELECT 1 FROM {registrations} WHERE id = OLD.registration_id AND user_id IS NULL))) THEN
    RETURN NEW;
  END IF;
  RAISE restrict_violation USING MESSAGE = 'what happened to a registration stays written while it exists';
END $fn$;

CREATE OR REPLACE FUNCTION {schema}.events_note_change() RETURNS trigger LANGUAGE plpgsql AS $fn$
BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM {changes} WHERE event_id = OLD.id;
    RETURN NULL;
  END IF;
  INSERT INTO {changes} (event_id, at, through, was, becomes)
  VALUES (NEW.id, clock_timestamp(),
    CASE WHEN NEW.updated_at = OLD.updated_at THEN 'database' ELSE NEW.saved_through END,
    jsonb_build_object('title', OLD.title, 'date_time', OLD.date_time, 'end_time', OLD.end_time,
                       'time_zone', OLD.time_zone, 'location', OLD.location, 'venue', OLD.venue,
                       'address', OLD.address, 'attendance', OLD.attendance, 'online_url', OLD.online_url,
                       'online_from', OLD.online_from, 'status', OLD.status),
    jsonb_build_object('title', NEW.title, 'date_time', NEW.date_time, 'end_time', NEW.end_time,
                       'time_zone', NEW.time_zone, 'location', NEW.location, 'venue', NEW.venue,
                       'address', NEW.address, 'attendance', NEW.attendance, 'online_url', NEW.online_url,
                       'online_from', NEW.online_from, 'status', NEW.status));
  RETURN NULL;
END $fn$;

CREATE OR REPLACE TRIGGER registrations_lock_event BEFORE INSERT ON {registrations}
  FOR EACH ROW EXECUTE FUNCTION {schema}.registrations_lock_event();
CREATE OR REPLACE TRIGGER registrations_queue_upd BEFORE UPDATE OF status, event_id ON {registrations} FOR EACH ROW
  WHEN (NEW.status = 'waitlisted' AND (OLD.status <> 'waitlisted' OR OLD.event_id <> NEW.event_id))
  EXECUTE FUNCTION {schema}.registrations_lock_event();
CREATE OR REPLACE TRIGGER registrations_organizer_upd BEFORE UPDATE OF event_id, organizer_id ON {registrations}
  FOR EACH ROW WHEN (NEW.event_id <> OLD.event_id
    OR (NEW.organizer_id IS DISTINCT FROM OLD.organizer_id AND pg_trigger_depth() = 0))
  EXECUTE FUNCTION {schema}.registrations_lock_event();
CREATE OR REPLACE TRIGGER events_organizer_upd AFTER UPDATE OF organizer_id ON {events} FOR EACH ROW
  WHEN (NEW.organizer_id <> OLD.organizer_id) EXECUTE FUNCTION {schema}.events_hand_over();
CREATE OR REPLACE TRIGGER registrations_seats_ins AFTER INSERT ON {registrations}
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION {schema}.registrations_count_seats();
CREATE OR REPLACE TRIGGER registrations_seats_upd AFTER UPDATE ON {registrations}
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
  EXECUTE FUNCTION {schema}.registrations_count_seats();
CREATE OR REPLACE TRIGGER registrations_seats_del AFTER DELETE ON {registrations}
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION {schema}.registrations_count_seats();
CREATE OR REPLACE TRIGGER registrations_seats_trunc AFTER TRUNCATE ON {registrations}
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.registrations_count_seats();
CREATE OR REPLACE TRIGGER events_counts_ins BEFORE INSERT ON {events} FOR EACH ROW
  WHEN (NEW.seats_taken <> 0 OR NEW.waitlisted <> 0) EXECUTE FUNCTION {schema}.events_guard_counts();
CREATE OR REPLACE TRIGGER events_counts_upd BEFORE UPDATE OF seats_taken, waitlisted ON {events} FOR EACH ROW
  WHEN ((NEW.seats_taken <> OLD.seats_taken OR NEW.waitlisted <> OLD.waitlisted) AND pg_trigger_depth() = 0)
  EXECUTE FUNCTION {schema}.events_guard_counts();
CREATE OR REPLACE TRIGGER events_touch_upd
  BEFORE UPDATE OF description, title, date_time, end_time, time_zone, location, venue, address,
    attendance, online_url, online_from, status, latitude, longitude ON {events} FOR EACH ROW
  WHEN (NEW.updated_at = OLD.updated_at
    AND (NEW.description, NEW.title, NEW.date_time, NEW.end_time, NEW.time_zone, NEW.location, NEW.venue,
      NEW.address, NEW.attendance, NEW.online_url, NEW.online_from, NEW.status, NEW.latitude, NEW.longitude)
      IS DISTINCT FROM (OLD.description, OLD.title, OLD.date_time, OLD.end_time, OLD.time_zone, OLD.location, OLD.venue,
      OLD.address, OLD.attendance, OLD.online_url, OLD.online_from, OLD.status, OLD.latitude, OLD.longitude))
  EXECUTE FUNCTION {schema}.events_touch();
CREATE OR REPLACE TRIGGER registrations_stamp_upd BEFORE UPDATE OF status ON {registrations} FOR EACH ROW
  WHEN (NEW.status <> OLD.status AND NEW.status_since = OLD.status_since)
  EXECUTE FUNCTION {schema}.registrations_stamp();
CREATE OR REPLACE TRIGGER registrations_log_ins AFTER INSERT ON {registrations}
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION {schema}.registrations_log();
CREATE OR REPLACE TRIGGER registrations_log_upd AFTER UPDATE ON {registrations}
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
  EXECUTE FUNCTION {schema}.registrations_log();
CREATE OR REPLACE TRIGGER registrations_log_del AFTER DELETE ON {registrations}
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION {schema}.registrations_log();
CREATE OR REPLACE TRIGGER registrations_log_trunc AFTER TRUNCATE ON {registrations}
  FOR EACH STATEMENT EXECUTE FUNCTION {schema}.registrations_log();
CREATE OR REPLACE TRIGGER registrations_forget_upd BEFORE UPDATE OF user_id ON {registrations} FOR EACH ROW
  WHEN (OLD.user_id IS NOT NULL AND NEW.user_id IS NULL) EXECUTE FUNCTION {schema}.registrations_forget();
CREATE OR REPLACE TRIGGER registrations_forget_log AFTER UPDATE OF user_id ON {registrations} FOR EACH ROW
  WHEN (OLD.user_id IS NOT NULL AND NEW.user_id IS NULL) EXECUTE FUNCTION {schema}.registrations_forget();
CREATE OR REPLACE TRIGGER events_note_change
  AFTER UPDATE OF title, date_time, end_time, time_zone, location, venue, address,
    attendance, online_url, online_from, status ON {events}
  FOR EACH ROW WHEN ((NEW.title, NEW.date_time, NEW.end_time, NEW.time_zone, NEW.location, NEW.venue, NEW.address,
      NEW.attendance, NEW.online_url, NEW.online_from, NEW.status)
    IS DISTINCT FROM (OLD.title, OLD.date_time, OLD.end_time, OLD.time_zone, OLD.location, OLD.venue, OLD.address,
      OLD.attendance, OLD.online_url, OLD.online_from, OLD.status))
  EXECUTE FUNCTION {schema}.events_note_change();
CREATE OR REPLACE TRIGGER events_forget_changes AFTER DELETE ON {events}
  FOR EACH ROW EXECUTE FUNCTION {schema}.events_note_change();
CREATE OR REPLACE TRIGGER registrations_keep_log BEFORE UPDATE OR DELETE ON {log}
  FOR EACH ROW EXECUTE FUNCTION {schema}.registrations_keep_log();
"""
TRIGGERS = set(re.findall(r"CREATE OR REPLACE TRIGGER (\w+)", SQL))
DIGEST = hashlib.sha256(SQL.encode()).hexdigest()[:16]
# Raise it with every change of the text, so that older code, which may serve on, can tell newer triggers from older.
VERSION = 8
# Kept as the comment of a function.
STAMP = f"{VERSION} {DIGEST}"


def is_older(stamp: str | None) -> bool:
    """Return whether triggers with that stamp are older or have another text."""
    version, _, digest = (stamp or "").partition(" ")
    if not (digest and version.isdecimal()):  # as it was before there were versions, or none
        return True
    return digest != DIGEST if int(version) == VERSION else int(version) < VERSION
