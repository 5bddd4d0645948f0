# docker build -t chatd .        docker run -p 8000:8000 -v chatd-data:/data chatd
# The third way to start is `docker compose up --build`, with PostgreSQL (docker-compose.yaml).

FROM debian:12-slim AS build
WORKDIR /src
# The packages first: they change less often than the sources.
COPY tools/install tools/install
COPY tools/packages tools/packages
RUN tools/install run web && rm -rf /var/lib/apt/lists/*
COPY web web
COPY tools/web-packages tools/web-packages
RUN tools/web-packages
COPY . .
RUN make build && strip --strip-debug build/release/chatd

FROM debian:12-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      ca-certificates tzdata libargon2-1 libboost-json1.81.0 libfmt9 libpq5 \
      libsqlite3-0 libssl3 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin chatd \
 && install -d -o chatd -g chatd -m 0700 /data
COPY --from=build /src/build/release/chatd /usr/local/bin/chatd
# A library that is missing is found here, not at the first start.
RUN chatd version
USER chatd
WORKDIR /data
VOLUME /data
ENV DATA_DIR=/data LISTEN=0.0.0.0:8000
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s CMD ["chatd", "healthcheck"]
ENTRYPOINT ["chatd"]
CMD ["serve"]
