# Two images from one file: `portal` (pages, API, clock; no PyTorch) and `worker` (PyTorch).
FROM python:3.11-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --system --uid 10001 --home-dir /srv/gatehouse --shell /usr/sbin/nologin gatehouse
WORKDIR /srv/gatehouse
# Shown at /__version__: --build-arg COMMIT=$(git rev-parse HEAD)
ARG COMMIT=
ENV GATEHOUSE_COMMIT=$COMMIT

FROM base AS portal
COPY requirements/portal.txt requirements/
RUN pip install --require-hashes -r requirements/portal.txt
COPY manage.py pyproject.toml ./
COPY access_portal access_portal
COPY release release
COPY inference_worker inference_worker
# Static files are part of the image; the values only have to be well-formed.
RUN GATEHOUSE_SECRET_KEY=build GATEHOUSE_BASE_URL=http://localhost GATEHOUSE_DATABASE_URL=sqlite://:memory: \
    GATEHOUSE_REDIS_URL=redis://localhost GATEHOUSE_S3_ACCESS_KEY=build GATEHOUSE_S3_SECRET_KEY=build \
    GATEHOUSE_STATIC_ROOT=/srv/static python manage.py collectstatic --noinput
ENV GATEHOUSE_STATIC_ROOT=/srv/static
USER gatehouse
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/__lbheartbeat__', timeout=4)"]
CMD ["granian", "--interface", "asginl", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--no-ws", "access_portal.asgi:application"]

FROM base AS worker
COPY requirements/worker.txt requirements/torch.txt requirements/
# On a machine with an NVIDIA GPU the plain build brings CUDA; for a CPU: --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG TORCH_INDEX=https://pypi.org/simple
RUN pip install --require-hashes -r requirements/worker.txt && pip install --index-url "$TORCH_INDEX" -r requirements/torch.txt
COPY manage.py pyproject.toml ./
COPY access_portal access_portal
COPY release release
COPY inference_worker inference_worker
# On a CPU the engine compiles its kernels for the very machine when a model is first loaded, in a few seconds.
RUN apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
RUN install -d -o gatehouse /srv/models /srv/cache
ENV GATEHOUSE_MODEL_CACHE_DIR=/srv/models XDG_CACHE_HOME=/srv/cache
USER gatehouse
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s \
    CMD ["sh", "-c", "celery -A access_portal.celery inspect ping --timeout 10 -d \"worker@$HOSTNAME\""]
CMD ["python", "manage.py", "worker"]
