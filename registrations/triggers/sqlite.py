# A row in registrations_counting marks a write to a count as the triggers' own. SQLite does not know the trigger depth.
COUNTING_TABLE = "CREATE TABLE IF NOT EXISTS registrations_counting (by_trigger INTEGER)"
_RECOUNT = """
 INSERT INTO registrations_counting VALUES (1);
 UPDATE events_event SET
  seats_taken = (SELECT count(*) FROM registrations_registration
                  WHERE event_id = NEW.id AND status IN ('registered', 'attended')),
  waitlisted = (SELECT count(*) FROM registrations_registration WHERE event_id = NEW.id AND status = 'waitlisted')
  WHERE id = NEW.id;
 DELETE FROM registrations_counting;
END"""
# An explicit refusal comes first: with `INSERT OR FAIL` and `UPDATE OR FAIL` a violated CHECK in a trigger's statement
# would keep their own row.
_REFUSE_IF_FULL = """
 SELECT RAISE(ABORT, 'CHECK constraint failed: event_seats_within_capacity') FROM events_event
  WHERE id = NEW.event_id AND seats_taken >= max_capacity AND NEW.status IN ('registered', 'attended')"""
_ADD = """
 UPDATE events_event SET seats_taken = seats_taken + (NEW.status IN ('registered', 'attended')),
  waitlisted = waitlisted + (NEW.status = 'waitlisted')
  WHERE id = NEW.event_id AND NEW.status IN ('registered', 'attended', 'waitlisted');
 SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: registration_event_exists')
  WHERE NEW.status IN ('registered', 'attended', 'waitlisted') AND changes() = 0;"""
_SUBTRACT = """
 UPDATE events_event SET seats_taken = seats_taken - (OLD.status IN ('registered', 'attended')),
  waitlisted = waitlisted - (OLD.status = 'waitlisted')
  WHERE id = OLD.event_id AND OLD.status IN ('registered', 'attended', 'waitlisted');"""
_TAKE_NUMBER = """
 UPDATE registrations_registration SET queue_number =
  (SELECT COALESCE(MAX(queue_number), 0) + 1 FROM registrations_registration
    WHERE event_id = NEW.event_id AND status = 'waitlisted' AND id <> NEW.id)
  WHERE id = NEW.id AND status = 'waitlisted'"""
# A change of status without a stamp comes from a database shell or a queryset's update().
_STAMP = """
 UPDATE registrations_registration SET status_by_id = NULL, status_through = 'database',
  status_since = strftime('%Y-%m-%d %H:%M:%f', 'now')
  WHERE id = NEW.id AND NEW.status_since = OLD.status_since"""
# A change of an event that leaves its `updated_at` comes from there too. Registering compares that as Django writes it:
# with six digits, or none where they are all zero. The last three make it six.
_TOUCH = """
 UPDATE events_event SET updated_at = strftime('%Y-%m-%d %H:%M:%f001', 'now'), saved_through = 'database'
  WHERE id = NEW.id;
END"""
_LOG = """
 INSERT INTO registrations_transition (registration_id, was, becomes, at, by_id, through)
  SELECT id, {was}, status, status_since, status_by_id, status_through
    FROM registrations_registration WHERE id = NEW.id"""
_NOTED_COLUMNS = (
    *("title", "date_time", "end_time", "time_zone", "location", "venue", "address", "attendance"),
    *("online_url", "online_from", "status"),
)
_SHOWN_COLUMNS = ("description", *_NOTED_COLUMNS, "latitude", "longitude")
_NOTED = {row: ", ".join(f"'{column}', {row}.{column}" for column in _NOTED_COLUMNS) for row in ("OLD", "NEW")}
_ORGANIZER = "(SELECT organizer_id FROM events_event WHERE id = NEW.event_id)"
_SET_ORGANIZER = f"""
 SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: registration_event_exists') WHERE {_ORGANIZER} IS NULL;
 UPDATE registrations_registration SET organizer_id = {_ORGANIZER} WHERE id = NEW.id;
END"""
TRIGGERS = {
    "registrations_organizer_ins": f"""AFTER INSERT ON registrations_registration
WHEN NEW.organizer_id IS NOT {_ORGANIZER} BEGIN{_SET_ORGANIZER}""",
    "registrations_organizer_upd": f"""AFTER UPDATE OF event_id, organizer_id ON registrations_registration
WHEN NEW.organizer_id IS NOT {_ORGANIZER} BEGIN{_SET_ORGANIZER}""",
    "events_organizer_upd": """AFTER UPDATE OF organizer_id ON events_event
WHEN NEW.organizer_id <> OLD.organizer_id BEGIN
 UPDATE registrations_registration SET organizer_id = NEW.organizer_id WHERE event_id = NEW.id;
END""",
    "registrations_seats_ins": f"""AFTER INSERT ON registrations_registration
WHEN NEW.status IN ('registered', 'attended', 'waitlisted') BEGIN{_REFUSE_IF_FULL};
 INSERT INTO registrations_counting VALUES (1);{_ADD}
 DELETE FROM registrations_counting;{_TAKE_NUMBER} AND queue_number IS NULL;
END""",
    "registrations_seats_del": f"""AFTER DELETE ON registrations_registration
WHEN OLD.status IN ('registered', 'attended', 'waitlisted') BEGIN
 INSERT INTO registrations_counting VALUES (1);{_SUBTRACT}
 DELETE FROM registrations_counting;
END""",
    "registrations_seats_upd": f"""AFTER UPDATE OF status, event_id ON registrations_registration
WHEN OLD.event_id <> NEW.event_id OR OLD.status <> NEW.status BEGIN{_REFUSE_IF_FULL}
  AND NOT (OLD.event_id = NEW.event_id AND OLD.status IN ('registered', 'attended'));
 INSERT INTO registrations_counting VALUES (1);{_SUBTRACT}{_ADD}
 DELETE FROM registrations_counting;{_TAKE_NUMBER};
END""",
    "events_counts_ins": f"""AFTER INSERT ON events_event
WHEN NEW.seats_taken <> 0 OR NEW.waitlisted <> 0 BEGIN{_RECOUNT}""",
    "events_counts_upd": f"""AFTER UPDATE OF seats_taken, waitlisted ON events_event
WHEN (NEW.seats_taken <> OLD.seats_taken OR NEW.waitlisted <> OLD.waitlisted)
 AND NOT EXISTS (SELECT 1 FROM registrations_counting) BEGIN{_RECOUNT}""",
    "events_touch_upd": f"""AFTER UPDATE OF {", ".join(_SHOWN_COLUMNS)} ON events_event
WHEN NEW.updated_at = OLD.updated_at
 AND ({" OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in _SHOWN_COLUMNS)}) BEGIN{_TOUCH}""",
    "events_note_change": f"""AFTER UPDATE OF {", ".join(_NOTED_COLUMNS)} ON events_event
WHEN {" OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in _NOTED_COLUMNS)} BEGIN
 INSERT INTO events_eventchange (event_id, at, through, was, becomes)
  VALUES (NEW.id, strftime('%Y-%m-%d %H:%M:%f', 'now'),
   CASE WHEN NEW.updated_at = OLD.updated_at THEN 'database' ELSE NEW.saved_through END,
   json_object({_NOTED["OLD"]}), json_object({_NOTED["NEW"]}));
END""",
    "events_forget_changes": """AFTER DELETE ON events_event BEGIN
 DELETE FROM events_eventchange WHERE event_id = OLD.id;
END""",
    "registrations_log_ins": f"""AFTER INSERT ON registrations_registration BEGIN{_LOG.format(was="''")};
END""",
    "registrations_log_upd": f"""AFTER UPDATE OF status ON registrations_registration
WHEN OLD.status <> NEW.status BEGIN{_STAMP};{_LOG.format(was="OLD.status")};
END""",
    "registrations_log_del": """AFTER DELETE ON registrations_registration BEGIN
 DELETE FROM registrations_transition WHERE registration_id = OLD.id;
 INSERT INTO registrations_removal (registration_id, event_id, user_id, name, was, at, through)
  SELECT OLD.id, OLD.event_id, OLD.user_id, OLD.name,
   CASE WHEN OLD.status = 'registered' AND OLD.confirm_by IS NOT NULL THEN 'on_hold' ELSE OLD.status END,
   strftime('%Y-%m-%d %H:%M:%f', 'now'), 'database'
   WHERE OLD.status IN ('registered', 'attended', 'waitlisted') AND OLD.user_id IS NOT NULL;
END""",
    "registrations_forget_upd": """AFTER UPDATE OF user_id ON registrations_registration
WHEN OLD.user_id IS NOT NULL AND NEW.user_id IS NULL BEGIN
 UPDATE registrations_registration SET status_by_id = NULL WHERE id = NEW.id AND status_by_id = OLD.user_id;
 UPDATE registrations_transition SET by_id = nullif(by_id, OLD.user_id), reason = ''
  WHERE registration_id = NEW.id AND (by_id = OLD.user_id OR reason <> '');
END""",
    "registrations_keep_log_upd": """BEFORE UPDATE ON registrations_transition
WHEN (NEW.id, NEW.registration_id, NEW.was, NEW.becomes, NEW.at, NEW.through)
  <> (OLD.id, OLD.registration_id, OLD.was, OLD.becomes, OLD.at, OLD.through)
 OR NOT ((OLD.reason = '' AND NEW.becomes = 'cancelled' AND NEW.by_id IS OLD.by_id)
  OR (NEW.reason = '' AND (NEW.by_id IS NULL OR NEW.by_id IS OLD.by_id)
   AND EXISTS (SELECT 1 FROM registrations_registration WHERE id = OLD.registration_id AND user_id IS NULL))) BEGIN
 SELECT RAISE(ABORT, 'what happened to a registration stays written while it exists');
END""",
    # Ignored and not refused, since `flush` empties one table after the other here, in any order.
    "registrations_keep_log_del": """BEFORE DELETE ON registrations_transition
WHEN EXISTS (SELECT 1 FROM registrations_registration WHERE id = OLD.registration_id) BEGIN
 SELECT RAISE(IGNORE);
END""",
}
