"""Races every path that can change a seat against itself and against every other one, and holds the database against
the rules: `make prove`, or `python -m registrations.tests.proof`.

What is done. For each pair of paths (registrations/tests/proof/table.py lists them: the API, the back office with its
actions, buttons, forms and import, the commands, raw SQL and the ORM past the rules) a scene is built: two events of
one to three seats, taken or with one left, with people who wait and people who have left. As many threads as the
database is given (8 on PostgreSQL, 4 on SQLite) meet at a gate and each make one call of the one path or of the other,
through the whole service as it is run, with a database connection of their own. What they do is drawn from the seed.

What is held. After each round, and again and again while it is under way, one statement looks at the rows:
  1  the counts of an event equal its registrations, and no more people sit than there are seats;
  2  nobody waits beside a free seat, and by the log nobody was seated before someone who waited longer;
  3  who was told of a registration (201, or the back office's page for it) has it;
  4  nobody has two live registrations for an event;
and nobody was ever answered 500, or 503 while the database was there, or nothing at all. Where one of the two goes past
the rules, by raw SQL or the ORM, a seat may stay free beside a queue: rule 2 is held after `check_seats --repair`.
After each batch `check_seats` is asked as well.

What is proven, and what is not. That no interleaving which came up broke a rule: evidence, the more of it the more
rounds, and no mathematical proof. Why none can is another matter: the triggers, the CHECK and the UNIQUE of the
database (registrations/triggers/), which refuse the contrary whoever writes, and the lock under which rules look before
they write. `--sabotage` takes one of these away, and the proof fails. Crashes and outages are not part of it, nor is a
second application server: to the database, threads with connections of their own are the same.

Exits 1 where a rule was broken, with the pair, the seed, the rows and the command to run it again; or where a path was
never accepted, and so was not put to the test.
"""
