// Following a source of samples without a gap.

import { hub } from "./live";

/** What following opens with. The last item of `history` is number `sequence`. */
export interface Snapshot<Sample, Row> {
  readonly source: string;
  readonly epoch: string;
  readonly sequence: number;
  readonly sample: Sample | null;
  readonly history: readonly Row[];
  readonly interval: number;
}

/** What a follower does. */
export interface Follower<Sample, Row> {
  /** At the first connect and after each reconnect: everything since what it had before. */
  opened(snapshot: Snapshot<Sample, Row>): void;
  /** Then once for each sample, in order and without holes. */
  sampled(sample: Sample): void;
}

/** Follows a source. `known` is the snapshot that came with the page, if there was one. */
export function follow<Sample, Row>(
  source: string,
  known: Snapshot<Sample, Row> | null,
  follower: Follower<Sample, Row>,
): void {
  const live = hub("/hubs/metrics");
  let sequence = known?.sequence ?? 0;
  let epoch = known?.epoch ?? null;
  // Samples that arrive before the snapshot they follow; undefined once it is there.
  let early: [number, Sample][] | undefined = [];

  function take(number: number, sample: Sample): void {
    if (number <= sequence) return;
    sequence = number;
    follower.sampled(sample);
  }

  live.on("metricsUpdate", (of: string, number: number, sample: Sample) => {
    if (of !== source) return;
    if (early) early.push([number, sample]);
    else take(number, sample);
  });
  live.whenConnected(async () => {
    early = [];
    const snapshot = await live.invoke<Snapshot<Sample, Row>>("Subscribe", source, sequence, epoch);
    ({ sequence, epoch } = snapshot);
    follower.opened(snapshot);
    const waiting = early;
    early = undefined;
    for (const [number, sample] of waiting) take(number, sample);
  });
}
