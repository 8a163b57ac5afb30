// Waiting for what must come. The limits are there to fail, never to pass the time.

const limit = 15_000; // milliseconds

/** The outcome of `promise`, or a failure that names what did not come. */
export async function within(what, promise, ms = limit) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
