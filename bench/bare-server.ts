import { spawn } from 'node:child_process'

/** The limit: a `node:http` server of a few lines, in a process of its own, that answers the same bytes. */
export async function bareServer(
  answer: string,
): Promise<{ readonly origin: string; readonly pid: number; readonly stop: () => void }> {
  const code = `
    const answer = Buffer.from(${JSON.stringify(answer)})
    require('node:http').createServer((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': answer.length })
        response.end(answer)
      })
    }).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await new Promise<string>((resolve) =>
    child.stdout.once('data', (data) => resolve(String(data).trim())),
  )
  return { origin: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => child.kill() }
}
