/**
 * Does `work` with every item, at most `width` of them at a time, in the order they come. Rejects with the
 * first failure, once what was under way has ended; what had not begun by then is not begun.
 */
export async function inParallel<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = eachOf(items)
  let failed = false
  const lane = async (): Promise<void> => {
    try {
      // A generator hands out one item after the other, however many ask.
      for (let next = await waiting.next(); !failed && next.done !== true; next = await waiting.next()) {
        await work(next.value)
      }
    } catch (error) {
      failed = true
      throw error
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: width }, lane))
  const failure = lanes.find((one) => one.status === 'rejected')
  if (failure !== undefined) throw failure.reason
}

async function* eachOf<Item>(items: Iterable<Item> | AsyncIterable<Item>): AsyncGenerator<Item> {
  yield* items
}
