# One static binary and nothing else that could be attacked: no shell, no package manager, no root.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /out/linecard ./cmd/linecard \
 && mkdir -p /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/linecard /linecard
# A volume mounted here belongs to the account the program runs under.
COPY --from=build --chown=nonroot:nonroot /out/data /var/lib/linecard
ENV LINECARD_DB=sqlite:///var/lib/linecard/linecard.db \
    LINECARD_BLOB=file:///var/lib/linecard/files
VOLUME /var/lib/linecard
EXPOSE 8080 8443
# There is no curl here to ask /healthz with; an orchestrator asks it, and /readyz, itself. This proves that the program can run.
HEALTHCHECK --interval=30s --timeout=5s CMD ["/linecard", "version"]
ENTRYPOINT ["/linecard"]
CMD ["serve"]
