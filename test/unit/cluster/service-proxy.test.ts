import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { ManualClock, systemClock } from "../../../runtime/kernel/clock";
import { checkFree } from "../../../runtime/kernel/cluster/local/ports";
import { ServiceProxy } from "../../../runtime/kernel/cluster/local/service-proxy";
import { eventually } from "../../support/supervisor";

describe("ServiceProxy", () => {
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  let proxy: ServiceProxy;
  let port: number;

  const open = async (clock: ConstructorParameters<typeof ServiceProxy>[0] = systemClock): Promise<void> => {
    proxy = new ServiceProxy(clock);
    port = await proxy.listen(0);
  };
  const backend = async (id: string, serve: (socket: Socket) => void): Promise<{ id: string; port: number }> => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket.on("error", () => undefined));
      serve(socket);
    }).listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return { id, port: (server.address() as { port: number }).port };
  };
  /** A server that says its name and keeps the connection. */
  const named = (id: string): Promise<{ id: string; port: number }> => backend(id, (socket) => socket.write(id));
  const client = (): Socket => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true }).on("error", () => undefined);
    sockets.push(socket);
    return socket;
  };
  const greeting = async (socket: Socket): Promise<string> => String((await once(socket, "data"))[0]);

  afterEach(async () => {
    await proxy.close();
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  it("carries what is larger than its buffers, and the end of one direction before the other", async () => {
    await open();
    const echo = await backend("a", (socket) => {
      const received: Buffer[] = [];
      socket.on("data", (chunk: Buffer) => received.push(chunk));
      socket.on("end", () => socket.end(Buffer.concat(received)));
    });
    proxy.setBackends([echo]);
    const sent = Buffer.alloc(8 * 1024 * 1024, "0123456789");
    const socket = client();
    socket.end(sent);
    const received: Buffer[] = [];
    for await (const chunk of socket) received.push(chunk as Buffer);
    assert.ok(Buffer.concat(received).equals(sent));
    await eventually(() => {
      assert.equal(proxy.openConnections("a"), 0);
    });
  });

  it("gives each connection to the backend with the fewest, and none to one that is gone from the list", async () => {
    await open();
    const [a, b] = await Promise.all([named("a"), named("b")]);
    proxy.setBackends([a, b]);
    const four = [];
    for (let n = 0; n < 4; n += 1) four.push(await greeting(client()));
    assert.deepEqual(four.sort(), ["a", "a", "b", "b"]);
    proxy.setBackends([b]);
    assert.equal(await greeting(client()), "b");
    assert.equal(proxy.openConnections("a"), 2, "open ones live on");
  });

  it("tries another backend when one refuses", async () => {
    await open();
    proxy.setBackends([{ id: "dead", port: await checkFree(0) }, await named("alive")]);
    const answers = [await greeting(client()), await greeting(client()), await greeting(client())];
    assert.deepEqual(answers, ["alive", "alive", "alive"]);
    assert.equal(proxy.openConnections("dead"), 0);
  });

  it("holds a connection for 5 s until a backend is ready, then gives it up", async () => {
    const clock = new ManualClock();
    await open(clock);
    const early = client();
    await once(early, "connect");
    await clock.advance(4_999);
    proxy.setBackends([await named("late")]);
    assert.equal(await greeting(early), "late");

    proxy.setBackends([]);
    const lost = client();
    const closed = once(lost, "close");
    lost.resume();
    await once(lost, "connect");
    let ended = false;
    void closed.then(() => (ended = true));
    await eventually(async () => {
      await clock.advance(5_000);
      assert.ok(ended || lost.readableEnded);
    });
  });

  it("breaks the client's connection when the backend's breaks", async () => {
    await open();
    const dropping = await backend("a", (socket) => socket.once("data", () => socket.resetAndDestroy()));
    proxy.setBackends([dropping]);
    const socket = client();
    const closed = once(socket, "close");
    socket.resume();
    socket.on("end", () => socket.end());
    socket.write("x");
    await closed;
  });
});
