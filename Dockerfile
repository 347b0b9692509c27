# syntax=docker/dockerfile:1

# Debian with Node, npm and the user "node". To build from a mirror: --build-arg BASE=registry.example/node:24-slim
ARG BASE=node:24-slim

FROM $BASE AS build
# npm's registry, if it is not the one of .npmrc: --build-arg NPM_CONFIG_REGISTRY=https://npm.example/
ARG NPM_CONFIG_REGISTRY
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY tools ./tools
COPY src ./src
COPY docs ./docs
RUN npm run build
# Only the native packages are left, with what this system loads of them: docs/decisions/0013-bundle.md. Programs import
# the SDK from the npm package, never from an image.
RUN rm -rf dist/sdk && node tools/publish.ts prepare && npm prune --omit=dev --ignore-scripts \
  && find node_modules -type f -path "*/prebuilds/*" ! -path "*/linux-$(node -p process.arch)/*.node" -delete \
  && rm -rf node_modules/koffi/lib node_modules/koffi/vendor node_modules/koffi/doc node_modules/@koromix/*/musl_* \
  && find node_modules/koffi/src -type f ! -name "*.js" ! -name "*.cjs" -delete \
  && find node_modules \( -name "*.d.ts" -o -name .package-lock.json \) -delete && find node_modules -type d -empty -delete

FROM $BASE AS app
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/package.json ./
COPY LICENSE ./
COPY config ./config
COPY docs ./docs
COPY test/fixtures/standup ./test/fixtures/standup
# V8's compiled code, by a recording of the demo. Node takes it only from the same user, version, path and V8 flags.
ENV NODE_COMPILE_CACHE=/app/compiled
RUN mkdir compiled && chown node:node compiled
USER 1000:1000
RUN MEETBOT_HTTP_PORT=0 node --max-semi-space-size=2 --disable-sigusr1 dist/cli/main.js demo --storage /tmp/demo \
  && chmod -R a+rX compiled

FROM $BASE
LABEL org.opencontainers.image.title="meetbot-discord" \
      org.opencontainers.image.description="Records a Discord voice channel: one Opus track per speaker, chat, roster and a manifest" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /app
# All of it belongs to root, so that the worker cannot change its own code.
COPY --from=app --chown=0:0 /app ./
# As /tmp: whoever `docker run --user` names can write to a new volume.
RUN install --directory --owner=node --group=node --mode=1777 /recordings /spool
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/app/compiled \
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
