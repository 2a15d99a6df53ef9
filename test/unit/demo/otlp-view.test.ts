import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { context, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { request } from "undici";
import { createReceiver, type Receiver } from "../../../tools/otlp-view/receiver";
import { renderTrace } from "../../../tools/otlp-view/render";
import { toJsonLine, type ViewedSpan } from "../../../tools/otlp-view/spans";
import { TraceStore } from "../../../tools/otlp-view/traces";
import { buildTree } from "../../../tools/otlp-view/tree";

const TRACE = "0af7651916cd43dd8448eb211c80319c";

const span = (spanId: string, parentSpanId: string, startMs: number, more: Partial<ViewedSpan> = {}): ViewedSpan => ({
  traceId: TRACE,
  spanId,
  parentSpanId,
  service: "platform",
  name: `work-${spanId}`,
  kind: "INTERNAL",
  startNs: BigInt(startMs) * 1_000_000n,
  endNs: BigInt(startMs) * 1_000_000n + 1_500_000n,
  attributes: {},
  ...more,
});

describe("otlp view: trees", () => {
  it("puts children under parents in order of start, whatever the order of arrival", () => {
    const tree = buildTree(TRACE, [
      span("c", "a", 30, { attributes: { "http.route": "/v1/x", note: "two words", tries: 3 } }),
      span("d", "b", 25, { error: "no capacity", endNs: 25_000_950n }),
      span("b", "a", 20, { service: "demo", endNs: 20n * 1_000_000n + 12_345n }),
      span("a", "", 10, { endNs: 10n * 1_000_000n + 1_204_000_000n }),
      span("e", "gone", 5),
    ]);
    assert.equal(
      renderTrace(tree),
      [
        `trace ${TRACE}  5 spans`,
        "├─ platform: work-e  1.50 ms  (parent gone not received)",
        "└─ platform: work-a  1.20 s",
        "   ├─ demo: work-b  12.3 µs",
        "   │  └─ platform: work-d  950 ns  ERROR: no capacity",
        '   └─ platform: work-c  1.50 ms  http.route=/v1/x note="two words" tries=3',
      ].join("\n"),
    );
  });

  it("shows a span once that was sent twice, and spans whose parents go round in a circle", () => {
    const tree = buildTree(TRACE, [
      span("a", "", 1),
      span("a", "", 1, { name: "again" }),
      span("x", "y", 2),
      span("y", "x", 3),
      span("z", "z", 4),
    ]);
    assert.equal(tree.spanCount, 4);
    assert.deepEqual(
      tree.roots.map((root) => root.span.name),
      ["again", "work-x", "work-y", "work-z"],
    );
  });

  it("holds traces until they are quiet, and no more spans than it may", () => {
    const store = new TraceStore(3);
    assert.equal(store.add([span("a", "", 1)], 1000), 0);
    assert.equal(store.add([span("b", "a", 1)], 2500), 0);
    assert.equal(store.add([span("f", "", 1, { traceId: "other" })], 3000), 0);
    assert.equal(store.add([span("g", "", 1)], 3000), 1);
    assert.deepEqual(store.takeQuiet(4499, 2000), []);
    const [quiet, ...more] = store.takeQuiet(4500, 2000);
    assert.deepEqual([quiet?.traceId, quiet?.spanCount, more.length], [TRACE, 2, 0]);
    assert.deepEqual(
      store.spans().map(({ spanId }) => spanId),
      ["f"],
    );
    assert.equal(store.add([span("g", "", 1), span("h", "", 1)], 5000), 0);
  });
});

describe("otlp view: receiver", () => {
  let receiver: Receiver;
  const accepted: ViewedSpan[] = [];

  beforeEach(async () => {
    accepted.length = 0;
    receiver = await createReceiver({ port: 0, maxSpans: 3, onSpans: (spans) => accepted.push(...spans) });
  });
  afterEach(() => receiver.close());

  const post = async (
    body: string | Buffer,
    headers: Record<string, string> = { "content-type": "application/json" },
    path = "/v1/traces",
  ): Promise<{ status: number; text: string }> => {
    const answer = await request(`${receiver.url}${path}`, { method: "POST", headers, body });
    return { status: answer.statusCode, text: await answer.body.text() };
  };
  const payload = (...spanIds: string[]): string =>
    JSON.stringify({
      resourceSpans: [
        { scopeSpans: [{ spans: spanIds.map((id) => ({ traceId: TRACE, spanId: id.repeat(16), name: id })) }] },
      ],
    });

  it("takes what OpenTelemetry's exporter sends", async () => {
    const provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ "service.name": "shop" }),
      spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` }))],
    });
    const tracer = provider.getTracer("test");
    const parent = tracer.startSpan("order", { kind: SpanKind.SERVER, startTime: 1_700_000_000_000 });
    const child = tracer.startSpan(
      "pay",
      { startTime: 1_700_000_000_010, attributes: { amount: 12.5, items: 3, gift: false, tags: ["a", "b"] } },
      trace.setSpan(context.active(), parent),
    );
    child.setStatus({ code: SpanStatusCode.ERROR, message: "declined" });
    child.end(1_700_000_000_025);
    parent.end(1_700_000_000_040);
    await provider.shutdown();

    const [tree] = receiver.traces();
    assert.equal(tree?.traceId, parent.spanContext().traceId);
    assert.equal(
      renderTrace(tree).split("\n").slice(1).join("\n"),
      '└─ shop: order  40.0 ms\n   └─ shop: pay  15.0 ms  amount=12.5 items=3 gift=false tags=["a","b"]  ERROR: declined',
    );
    const order = receiver.spans().find(({ name }) => name === "order");
    assert.equal(order?.kind, "SERVER");
    assert.equal(order.startNs, 1_700_000_000_000_000_000n);
    assert.equal((JSON.parse(toJsonLine(order)) as { startNs: string }).startNs, "1700000000000000000");
    assert.equal(accepted.length, 2);
  });

  it("reads gzip, and hands finished traces out once", async () => {
    const headers = { "content-type": "application/json; charset=utf-8", "content-encoding": "gzip" };
    assert.deepEqual(await post(gzipSync(payload("a", "b")), headers), { status: 200, text: "{}" });
    assert.deepEqual(
      receiver.takeQuiet(0).map(({ spanCount }) => spanCount),
      [2],
    );
    assert.deepEqual(receiver.spans(), []);
  });

  it("tells the sender how many spans it could not take", async () => {
    const { status, text } = await post(payload("a", "b", "c", "d", "e"));
    assert.equal(status, 200);
    assert.equal((JSON.parse(text) as { partialSuccess: { rejectedSpans: string } }).partialSuccess.rejectedSpans, "2");
    assert.equal(receiver.spans().length, 3);
    assert.equal(accepted.length, 3);
  });

  it("refuses protobuf and says which setting to use", async () => {
    const { status, text } = await post("\x0a", { "content-type": "application/x-protobuf" });
    assert.equal(status, 415);
    assert.match(text, /OTEL_EXPORTER_OTLP_PROTOCOL=http\/json/);
  });

  it("refuses what is not a trace", async () => {
    assert.match((await post("{")).text, /The body is not JSON/);
    assert.equal((await post("{")).status, 400);
    assert.equal((await post("null")).status, 400);
    assert.equal((await post('{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}')).status, 400);
    assert.equal(
      (await post("not gzip", { "content-type": "application/json", "content-encoding": "gzip" })).status,
      400,
    );
    assert.equal((await post("{}", { "content-type": "application/json", "content-encoding": "br" })).status, 415);
    assert.equal((await post("{}", undefined, "/v1/metrics")).status, 404);
    assert.equal((await post(Buffer.alloc(17 * 1024 * 1024, " "))).status, 413);
    const get = await request(`${receiver.url}/v1/traces`);
    assert.equal(get.statusCode, 405);
    await get.body.dump();
    assert.deepEqual(receiver.spans(), []);
  });

  it("names the port that is taken", async () => {
    await assert.rejects(createReceiver({ port: Number(new URL(receiver.url).port) }), { code: "MNO_PORT_IN_USE" });
  });
});
