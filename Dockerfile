# docker build -t beamctl . && docker run --rm -v "$PWD:/work:ro" -e BL_CLIENT_CREDENTIALS beamctl plan
FROM python:3.14-slim@sha256:b877e50bd90de10af8d82c57a022fc2e0dc731c5320d762a27986facfc3355c1 AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY examples/ci examples/ci
COPY beamctl beamctl
RUN python -m venv /opt/beamctl && /opt/beamctl/bin/pip install --no-cache-dir '.[notify]'

FROM python:3.14-slim@sha256:b877e50bd90de10af8d82c57a022fc2e0dc731c5320d762a27986facfc3355c1
# git: which commit a document is from, and earlier documents. openssh-client: signed plans.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory /work \
    && useradd --uid 10001 --user-group --create-home beamctl
COPY --from=build /opt/beamctl /opt/beamctl
ENV PATH=/opt/beamctl/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /work
ENTRYPOINT ["beamctl"]
CMD ["--help"]
