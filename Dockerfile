# An image of one static program: no shell, no libraries, no package manager. The index is mounted, not built in.
#
#   docker build -t breachdex .
#   docker run --read-only --cap-drop ALL -p 127.0.0.1:8080:8080 -v /var/lib/breachdex:/data:ro breachdex

FROM rust:1-alpine AS build
# For the C code of ring and zstd, and what the image trusts.
RUN apk add --no-cache ca-certificates musl-dev gcc make
WORKDIR /source
COPY . .
# musl's target links statically. Debug information would be most of the image.
RUN cargo build --profile dist --features parquet --locked --package breachdex-cli --config profile.dist.strip=true \
    && install -D target/dist/breachdex /image/breachdex

FROM scratch
COPY --from=build /image/breachdex /breachdex
# download, update and check --api trust these authorities; an image of nothing has none.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY LICENSE-APACHE LICENSE-MIT third-party/breachdex-command.cdx.json /
COPY third-party/LICENCES.txt /THIRD-PARTY-LICENCES.txt
# nobody: owns nothing in the image and nothing in the volume.
USER 65532:65532
EXPOSE 8080 9090
# Inside a container every address is behind the published ports. Status pages have a port of their own, so that they are
# not published with the ranges.
ENTRYPOINT ["/breachdex"]
CMD ["serve", "--index", "/data/pwned.bdx", "--listen", "0.0.0.0:8080", "--status-listen", "0.0.0.0:9090"]
HEALTHCHECK --interval=30s --timeout=6s --start-period=5s \
    CMD ["/breachdex", "serve", "--health", "http://127.0.0.1:9090"]
STOPSIGNAL SIGTERM
