import type { TestEvent } from 'node:test/reporters'

/** Of one file: the line of each branch, and how often it was taken. */
export interface FileCoverage {
  readonly path: string
  readonly branches: readonly { readonly line: number; readonly count: number }[]
}

/** A reporter of `node --test`: failures as they come, and in the end one line of JSON with the branches. */
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type === 'test:fail') yield `FAIL ${event.data.file}: ${event.data.name}\n`
    if (event.type !== 'test:coverage') continue
    const files = event.data.summary.files.map(({ path, branches }) => ({
      path,
      branches: branches.map(({ line, count }) => ({ line, count })),
    }))
    yield `COVERAGE ${JSON.stringify(files)}\n`
  }
}
