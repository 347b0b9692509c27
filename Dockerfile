# syntax=docker/dockerfile:1

FROM node:24-slim AS build
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
    MALLOC_ARENA_MAX=1 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    MEETBOT_STORAGE_URI=file:/recordings \
    MEETBOT_SPOOL_DIR=/spool \
    MEETBOT_HTTP_PORT=8080
VOLUME ["/recordings", "/spool"]
# The user "node" as a number: Kubernetes' runAsNonRoot can check only that.
USER 1000:1000
STOPSIGNAL SIGTERM
# Whether the worker still answers. Where it serves nothing (an empty MEETBOT_HTTP_PORT) there is nothing to ask.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "const port = process.env.MEETBOT_HTTP_PORT; if (port) fetch(`http://127.0.0.1:${port}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself is process 1 and gets the signals; no shell stands between. The first option, and
# MALLOC_* above: docs/decisions/0006-v8-flags.md. The second option: docs/operate/security.md.
ENTRYPOINT ["node", "--max-semi-space-size=2", "--disable-sigusr1", "dist/cli/main.js"]
