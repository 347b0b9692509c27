# syntax=docker/dockerfile:1

FROM node:24-slim AS build
# For packages with native code that have no build for this platform ready.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 make g++ \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:24-slim
LABEL org.opencontainers.image.title="meetbot-discord" \
      org.opencontainers.image.description="Records a Discord voice channel: one Opus track per speaker, chat, roster and a manifest" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY package.json LICENSE ./
COPY config ./config
RUN mkdir /recordings /spool && chown node:node /recordings /spool
ENV NODE_ENV=production \
    MEETBOT_STORAGE_URI=file:/recordings \
    MEETBOT_SPOOL_DIR=/spool
VOLUME ["/recordings", "/spool"]
# The user "node" as a number: Kubernetes' runAsNonRoot can check only that.
USER 1000:1000
STOPSIGNAL SIGTERM
# A worker has no port to ask. What an operator can act on is the disk: unhealthy is where the spool cannot be written
# to, or has less than 64 MiB left.
HEALTHCHECK --interval=60s --timeout=10s --start-period=10s --retries=2 \
  CMD ["node", "-e", "const fs = require('node:fs'); const dir = process.env.MEETBOT_SPOOL_DIR; fs.accessSync(dir, fs.constants.W_OK); const { bavail, bsize } = fs.statfsSync(dir); process.exit(bavail * bsize < 64 * 2 ** 20 ? 1 : 0)"]
# Node itself is process 1 and gets the signals; no shell stands between.
ENTRYPOINT ["node", "dist/cli/main.js"]
