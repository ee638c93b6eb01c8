# EventHub in a container: docs/operations.md, “In containers”.

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /app
COPY requirements.txt .
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY . .
RUN /venv/bin/python -m compileall -q .

FROM python:3.11.14-slim-bookworm
RUN groupadd --system --gid 10001 eventhub \
    && useradd --system --uid 10001 --gid eventhub --home-dir /data --shell /usr/sbin/nologin eventhub \
    && install --directory --owner=eventhub --group=eventhub --mode=0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# The code is root's, so that nobody can change it from inside. With SQLite the database is on the volume /data.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    ENV_FILE=no-file \
    HOST=0.0.0.0 \
    PORT=8000 \
    DATABASE_URL=sqlite:////data/db.sqlite3
USER 10001:10001
EXPOSE 8000
# Any answer but a fault shows that it lives: to a name that is not among ALLOWED_HOSTS that is a 400.
HEALTHCHECK --interval=30s --timeout=15s --start-period=30s --retries=3 CMD ["python", "-c", "import os, sys, http.client as h; c = h.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=12); c.request('GET', '/healthz'); sys.exit(c.getresponse().status >= 500)"]
CMD ["gunicorn", "eventhub.wsgi"]
