// A TCP proxy that can do to a connection what networks do.
import { once } from "node:events";
import { connect, createServer } from "node:net";

/**
 * Stands between clients and the server at `url`. `cut` resets all connections; `refuse` says
 * whether new ones are cut at once; `pause` holds back what the server sends, `resume` lets it go
 * on; `blackHole` swallows all that comes from either side, without a word.
 */
export async function startProxy(t, url) {
  const { hostname, port } = new URL(url);
  const pairs = new Set();
  let refusing = false;
  let accepted = 0;

  const server = createServer((near) => {
    accepted += 1;
    if (refusing) return void near.resetAndDestroy();
    const far = connect({ host: hostname, port: Number(port), noDelay: true });
    const pair = { near, far };
    near.setNoDelay(true);
    pairs.add(pair);
    near.pipe(far);
    far.pipe(near);
    const end = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on("error", end).on("close", end);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const each = (work) => [...pairs].forEach(work);
  const proxy = {
    url: `http://127.0.0.1:${server.address().port}`,
    accepted: () => accepted,
    cut() {
      each(({ near, far }) => {
        near.resetAndDestroy();
        far.resetAndDestroy();
      });
    },
    refuse(now) {
      refusing = now;
    },
    pause() {
      each(({ near, far }) => {
        far.unpipe(near);
        far.pause();
      });
    },
    resume() {
      each(({ near, far }) => far.pipe(near));
    },
    blackHole() {
      each(({ near, far }) => {
        near.unpipe(far).resume();
        far.unpipe(near).resume();
      });
    },
  };
  t.after(() => {
    server.close();
    proxy.cut();
  });
  return proxy;
}
