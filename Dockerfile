# The image of any environment: docker build --build-arg ENVIRONMENT=core --tag phasegate/core .
#
# `phasegate images build` passes the arguments that say what is inside, and pins pipelines to the
# images that it pushed. The classic builder, which does not know --mount, gets this file from that
# command without its mounts.

# A tag, or for a build that can be repeated a digest as well: python:3.11-slim-bookworm@sha256:...
# TFDV's wheels need glibc below 2.39 and Python 3.11: Debian 12, not 13.
ARG BASE_IMAGE=python:3.11-slim-bookworm


# Libraries, from the hashed lock. Compiler, pip, uv, and what they leave, stay in this stage.
# checkov:skip=CKV_DOCKER_7: the tag is in the argument above
FROM ${BASE_IMAGE} AS libraries
ARG ENVIRONMENT=core
# What builds the few libraries that have no wheel, only where the lock has one that needs it.
ARG COMPILER="g++"
# A package index other than PyPI, without credentials: those belong into the secret `index`.
ARG INDEX_URL=""
ARG SOURCE_DATE_EPOCH=0
COPY images/*.sh /build/
COPY requirements/uv.txt requirements/${ENVIRONMENT}.txt /build/requirements/
RUN --mount=type=secret,id=index --mount=type=secret,id=certificates \
    sh /build/install_uv.sh
RUN sh /build/install_compiler.sh
RUN --mount=type=cache,target=/root/.cache/uv --mount=type=secret,id=index \
    --mount=type=secret,id=certificates \
    sh /build/install_libraries.sh && sh /build/prune.sh /opt/venv


# The project's own code, compiled: the layer that changes, and is small.
FROM ${BASE_IMAGE} AS code
ARG SOURCE_DATE_EPOCH=0
COPY images/*.sh /build/
COPY components /opt/phasegate/components
COPY phasegate /opt/phasegate/phasegate
COPY pipelines /opt/phasegate/pipelines
RUN sh /build/compile_code.sh /opt/phasegate


FROM ${BASE_IMAGE}
ARG BASE_IMAGE
ARG ENVIRONMENT=core
COPY images/harden.sh /tmp/harden.sh
RUN sh /tmp/harden.sh && rm /tmp/harden.sh
COPY --from=libraries /opt/venv /opt/venv
COPY requirements/${ENVIRONMENT}.txt /opt/phasegate/requirements/
COPY --from=code /opt/phasegate /opt/phasegate

ARG GIT_COMMIT=unknown
ARG IMAGE=""
ARG LOCK_DIGEST=""
ARG SOURCE=""
ARG VERSION=""
LABEL dev.phasegate.environment="${ENVIRONMENT}" \
      dev.phasegate.lock.digest="${LOCK_DIGEST}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${GIT_COMMIT}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.title="phasegate ${ENVIRONMENT}" \
      org.opencontainers.image.version="${VERSION}"

# The root is read-only: libraries that cache do so below /tmp, which must be writable. USER is for
# libraries that ask who runs them, also where the platform chooses a user id without a name.
ENV HOME=/tmp \
    MPLCONFIGDIR=/tmp/.cache/matplotlib \
    NUMBA_CACHE_DIR=/tmp/.cache/numba \
    PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin \
    PHASEGATE_GIT_COMMIT=${GIT_COMMIT} \
    PHASEGATE_IMAGE=${IMAGE} \
    PHASEGATE_LOCK=/opt/phasegate/requirements/${ENVIRONMENT}.txt \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    USER=phasegate \
    XDG_CACHE_HOME=/tmp/.cache
WORKDIR /opt/phasegate
USER 65532:65532
# Probes are the platform's, and a component's step has nothing to probe.
HEALTHCHECK NONE
# No ENTRYPOINT: KFP and KServe pass the command.
CMD ["python", "--version"]
