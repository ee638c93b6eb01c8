"""Lists of people as other services export them: which column is what, who comes, and for how many a row is."""

import io

import pytest
from django.core.management import call_command

from eventhub.spreadsheets.sheets import FileError
from registrations.admin import status
from registrations.models import SEATED, RegistrationStatus
from registrations.services.attendee_answers import comes
from registrations.services.attendee_columns import choose_columns, find_columns
from registrations.services.attendee_file import read_attendees

# Service, header, the columns that are found.
EXPORTS = {
    "Eventbrite": (
        "Order #,Order Date,First Name,Surname,Email,Quantity,Ticket Type,Attendee #,Attendee Status,Cell Phone",
        "email=Email,first_name=First Name,last_name=Surname,phone=Cell Phone,status=Attendee Status,quantity=Quantity",
    ),
    "Eventbrite, with the buyer": (
        "Buyer Name,Email,Attendee First Name,Attendee Last Name,Attendee Email,Order Status,Attendee Status",
        "email=Attendee Email,first_name=Attendee First Name,last_name=Attendee Last Name,status=Order Status,"
        "status=Attendee Status",
    ),
    "Luma": (
        "api_id,name,first_name,last_name,email,phone_number,created_at,approval_status,checked_in_at,ticket_name",
        "email=email,name=name,first_name=first_name,last_name=last_name,phone=phone_number,status=approval_status",
    ),
    "Meetup, with addresses": (
        "Name,User ID,Title,Event Host,RSVP,Guests,Email",
        "email=Email,name=Name,status=RSVP,guests=Guests",
    ),
    "pretix": (
        "Order code,Status,Email,Phone number,Product,Attendee name,Attendee name: Given name,"
        "Attendee name: Family name,Attendee email,Company",
        "email=Attendee email,name=Attendee name,first_name=Attendee name: Given name,"
        "last_name=Attendee name: Family name,phone=Phone number,status=Status",
    ),
    "pretix in German": (
        "Bestellnummer,Status,E-Mail,Telefonnummer,Teilnehmername,Teilnehmername: Vorname,Teilnehmername: Nachname,"
        "Teilnehmer-E-Mail-Adresse",
        "email=Teilnehmer-E-Mail-Adresse,name=Teilnehmername,first_name=Teilnehmername: Vorname,"
        "last_name=Teilnehmername: Nachname,phone=Telefonnummer,status=Status",
    ),
    "Hi.Events": (
        "ID,First Name,Last Name,Email,Status,Is Checked In,Ticket ID,Event ID,Public ID,Locale",
        "email=Email,first_name=First Name,last_name=Last Name,status=Status",
    ),
    "Indico": (
        "ID,Name,Email Address,Affiliation,Registration state",
        "email=Email Address,name=Name,status=Registration state",
    ),
    "Google Forms": (
        "Timestamp,Email Address,Full name (as on the badge),Your phone number?,Will you join dinner?,# of people",
        "email=Email Address,name=Full name (as on the badge),phone=Your phone number?,quantity=# of people",
    ),
    "Google Forms in German": (
        "Zeitstempel,Wie lautet Ihre E-Mail-Adresse?,Vor- und Nachname,Handynummer,Kommen Sie?,Anzahl der Personen",
        "email=Wie lautet Ihre E-Mail-Adresse?,name=Vor- und Nachname,phone=Handynummer,status=Kommen Sie?,"
        "quantity=Anzahl der Personen",
    ),
    "Outlook in German": (
        "Vorname,Nachname,E-Mail-Adresse,Telefon",
        "email=E-Mail-Adresse,first_name=Vorname,last_name=Nachname,phone=Telefon",
    ),
    "a German list": (
        "Name,Vorname,E\u2011Mail,Mobil,Begleitpersonen",
        "email=E\u2011Mail,first_name=Vorname,last_name=Name,phone=Mobil,guests=Begleitpersonen",
    ),
    "with no-break spaces and invisible marks": (
        "Attendee\u00a0E\u00admail,\u200bName of the\u00a0attendee",
        "email=Attendee\u00a0E\u00admail,name=\u200bName of the\u00a0attendee",
    ),
}


@pytest.mark.once
@pytest.mark.parametrize("service", EXPORTS)
def test_the_columns_of_common_exports_are_found(service):
    header, expected = (text.split(",") for text in EXPORTS[service])
    columns = find_columns(header, {})
    assert (columns.problem, columns.used) == ("", [tuple(pair.split("=")) for pair in expected])


@pytest.mark.once
@pytest.mark.parametrize(
    ("header", "chosen", "used", "unused"),
    [
        ("Mail to,Who,email", {"email": "mail TO", "name": "Who"}, "email=Mail to,name=Who", ["email"]),
        ("email,status,name", {"status": ""}, "email=email,name=name", ["status"]),
        ("email,first name,name", {"last_name": ""}, "email=email,name=name,first_name=first name", []),
        ("email,first name,name,", {"name": "name"}, "email=email,name=name,first_name=first name", []),
    ],
)
def test_a_choice_of_column_wins(header, chosen, used, unused):
    columns = find_columns(header.split(","), chosen)
    assert (columns.used, columns.unused) == ([tuple(pair.split("=")) for pair in used.split(",")], unused)


@pytest.mark.once
@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("Name,RSVP", "No column has a header for email addresses: Name, RSVP."),
        ("email,name,Name", 'The column "name" is there 2 times.'),
    ],
)
def test_where_a_person_has_to_choose_it_says_so(header, problem):
    assert find_columns(header.split(","), {}).problem == problem
    assert find_columns(["a", "b", "b"], {"email": "a"}).problem == ""
    with pytest.raises(FileError, match='The column "b" is there 2 times'):
        find_columns(["a", "b", "b"], {"email": "b"})


@pytest.mark.once
def test_what_a_person_has_chosen_for_each_column_is_taken():
    assert choose_columns(["a", "b", "c"], ["", "email", "name"]).used == [("email", "b"), ("name", "c")]
    twice = "Two columns are used as “Email address”. Choose one."
    assert choose_columns(["a", "b", "c"], ["email", "email", ""]).problem == twice
    assert choose_columns(["a"], [""]).problem == "No column has a header for email addresses: a."


@pytest.mark.once
@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ("|Attending|Checked in|approved|YES|Ja, gern|Yes, I'll be there|Registered|Attended|Completed|bezahlt", True),
        ("Refunded|Deleted|declined|Cancelled|canceled|Canceled (paid fee)|Not going|NO|Nein, leider nicht", False),
        ("waitlist|Waitlisted|Waiting list|On waiting list|Warteliste|pending_approval|Withdrawn|Storniert", False),
        ("AWAITING_PAYMENT|invited|Maybe|Unpaid|Not attending|Absage", False),
        ("Registered (paid)|Yes, of course|Ja (gern)", True),
        ("Nein, ich komme nicht|No (sorry)|Not coming", False),
        ("VIP|?|not yes|Sold out|+1|Going?", None),
        ("Approved (Cancelled)|Attending (Refunded)|going (declined)|Yes (cancelled)|Yes → cancelled later", None),
        ("yes/no|Ja/Nein|No/yes|Yes, but not sure|Going (1 guest)|Yes (+2)|Ja, mit Begleitung|We'll be there", None),
    ],
)
def test_who_comes(texts, expected):
    assert {text: comes(text) for text in texts.split("|")} == dict.fromkeys(texts.split("|"), expected)


@pytest.mark.once
def test_the_statuses_of_our_own_export_are_understood():
    labels = {each.label: each in SEATED for each in RegistrationStatus}
    shown = {label: key in SEATED for key, label in status.LABELS.items()}
    assert {label: comes(label) for label in labels | shown} == labels | shown


def row_of(header, *cells):
    (guest,) = read_attendees(f"{header}\n{','.join(cells)}\n".encode(), columns={})
    return guest


@pytest.mark.once
@pytest.mark.parametrize(
    ("header", "cells", "name"),
    [
        ("Email,First name,Last name", "Ada,Lovelace", "Ada Lovelace"),
        ("Email,First name,Last name", ",Lovelace", "Lovelace"),
        ("Email,Name,First name,Last name", ",Ada,", "Ada"),
        ("Email,Name,First name,Last name", "Ada K. Lovelace,Ada,Lovelace", "Ada K. Lovelace"),
        ("Email,Vorname,Name", "Ada,Lovelace", "Ada Lovelace"),
        ("Email,Vorname,Nachname", ",", "a.l"),
    ],
)
def test_a_name_is_put_together(header, cells, name):
    assert row_of(header, "a.l@example.org", cells).name == name


@pytest.mark.once
@pytest.mark.parametrize(
    ("header", "cell", "problem"),
    [
        *(("Quantity", cell, "") for cell in ("", "1", "1.0", '"1,0"')),
        *(("Guests", cell, "") for cell in ("", "0", "0.0", "-", "none")),
        *(
            ("Quantity", cell, f"quantity: “{cell}” must be 1. Give each person a row with an address of their own.")
            for cell in ("2", "0", "1.5", "two", "11", "\u0661", "1.000")
        ),
        *(
            ("Guests", cell, f"guests: “{cell}” must be 0. Give each guest a row with an address of their own.")
            for cell in ("2", "1", "Anna")
        ),
        *(("Cancelled", cell, "") for cell in ("", "no", "0", "nein", "-")),
        ("Cancelled", "perhaps", "cancelled: “perhaps” is neither “yes” nor “no”."),
        (
            "Status",
            "VIP",
            "status: “VIP” is not known to mean that the person comes or does not. Write “yes” or “no”.",
        ),
    ],
)
def test_a_row_is_for_one_person_who_comes(header, cell, problem):
    guest = row_of(f"Email,{header}", "ada@example.org", cell)
    assert (guest.problem, guest.left_out) == (problem, "")


@pytest.mark.once
def test_who_does_not_come_is_left_out_whatever_else_is_wrong_with_the_row():
    guest = row_of("Email,Status,Quantity", "nobody", "Refunded", "2")
    assert (guest.problem, guest.left_out) == ("", "Their status is “Refunded”.")


@pytest.mark.once
@pytest.mark.parametrize(
    ("header", "cells", "left_out"),
    [
        ("RSVP,Payment Status", ("yes", "Refunded"), "Their status is “Refunded”."),
        ("Name,Zahlstatus", ("Ada", "storniert"), "Their status is “storniert”."),
        *(
            (header, (cell,), f"A column says that they do not come: “{cell}”.")
            for header, cell in (
                *(("Cancelled", "yes"), ("Storniert", "ja"), ("Refunded", "TRUE"), ("Waitlist", "x")),
                ("Cancelled at", "2030-01-05T09:00"),
            )
        ),
    ],
)
def test_every_column_that_says_who_comes_counts(header, cells, left_out):
    guest = row_of(f"Email,{header}", "ada@example.org", *cells)
    assert (guest.problem, guest.left_out) == ("", left_out)


@pytest.mark.once
@pytest.mark.parametrize(
    "header",
    [
        *("How many tickets?", "How many tickets do you need?", "No. of tickets", "Total Tickets", "Ticketmenge"),
        *("Wie viele Personen?", "+1", "Plus one?", "Guest", "Begleitung", "Anzahl der Teilnehmenden"),
    ],
)
def test_a_row_for_several_people_is_an_error_under_any_common_header(header):
    guest = row_of(f"Name,Email,{header}", "Ada", "ada@example.org", "3")
    assert guest.problem.endswith("row with an address of their own.")
    twice = row_of("Name,Email,Tickets,Number of tickets", "Ada", "ada@example.org", "1", "3")
    assert twice.problem == "quantity: “3” must be 1. Give each person a row with an address of their own."


@pytest.mark.once
@pytest.mark.parametrize(
    ("header", "cells", "name"),
    [
        *(
            (f'"{header}",Email', ('"Lovelace, Ada"', "ada@example.org"), "Lovelace, Ada")
            for header in (
                *("Nachname, Vorname", "Vorname, Name", "First & Last Name", "First/Last name", "Vor- & Nachname"),
                *("Wie heißt du?", "Contact Name", "Guest", "Teilnehmer:in"),
            )
        ),
        ("Teilnehmer,Name,Email", ("1", "Ada", "ada@example.org"), "Ada"),
        ("Name,Email,Guest", ("Ada", "ada@example.org", ""), "Ada"),
        ("First name,Last name,Person,Email", ("Ada", "Lovelace", "7", "ada@example.org"), "Ada Lovelace"),
    ],
)
def test_a_name_has_the_best_of_the_columns(header, cells, name):
    assert row_of(header, *cells).name == name


@pytest.mark.once
def test_a_column_that_may_have_the_names_is_asked_about():
    problem = "No column is known to have the names of people. Is it “Name on the badge”?"
    assert find_columns(["Email", "Name on the badge"], {}).problem == problem
    assert find_columns(["Email", "Name on the badge"], {"name": ""}).problem == ""
    assert find_columns(["Email", "Company name", "ticket_name", "Username"], {}).problem == ""


@pytest.mark.slow
@pytest.mark.django_db
def test_the_command_says_which_column_became_what(tmp_path, olga, make_event):
    path, out = tmp_path / "people.csv", io.StringIO()
    path.write_text("Vorname;Nachname;E-Mail;Telefon;Firma;Status\nAda;Lovelace;ada@example.org;030 1;X;VIP\n")
    event = make_event(olga)
    call_command("import_attendees", str(path), f"--event={event.pk}", "--map", "status=", stdout=out)
    assert out.getvalue().splitlines() == [
        "Columns: email = “E-Mail”, first_name = “Vorname”, last_name = “Nachname”, phone = “Telefon”",
        "Not used: “Firma”, “Status”",
        "1 seated, 0 on the waiting list, 0 already registered, 0 left out, 0 with errors",
    ]
    row = event.registrations.get()
    assert (row.name, row.contact_details, row.phone) == ("Ada Lovelace", "ada@example.org", "030 1")
