# The runtime's image, where a Docker engine is at hand: `npm run image -- --docker`. What goes in is decided by tools/image
# alone, here and without Docker; the final stage is nothing but that. docs/image.md tells how to build, push and pin.

# Pin it: --build-arg NODE_IMAGE=node@sha256:… . It only builds; its Node.js, its files and its shell are not in the image,
# except for the shared libraries of its Debian that Node.js needs.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
ARG MNO_IMAGE_REVISION
ARG SOURCE_DATE_EPOCH
RUN npm run -s image -- --layers /image

FROM scratch
COPY --from=build /image/base /
COPY --from=build /image/dependencies /
COPY --from=build /image/application /
ENV PATH=/usr/local/bin:/usr/bin:/bin NODE_ENV=production MNO_STATE_DIR=/var/lib/machine-native-ops
WORKDIR /app
USER 65532:65532
EXPOSE 4600
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/node", "/app/dist/runtime/main.js"]
CMD ["--target", "all"]
