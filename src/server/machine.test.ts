import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { machine } from './machine.ts'

const WAITS = 'console.log("here"); setInterval(() => {}, 1000)'
const needsProc = process.platform === 'linux' ? {} : { skip: 'there is no /proc here' }

test(
  'reads of a process who it is, how it was started, and what becomes of its memory',
  needsProc,
  async () => {
    const facts = await factsOf('ulimit -c 100; umask 077; exec "$0" --heap-prof -e "$1" secret-argument')
    assert.equal(facts.name, 'node')
    assert.equal(facts.uid, process.getuid?.())
    assert.equal(facts.umask, 0o077)
    assert.equal(facts.opensInspector, true)
    assert.match(facts.flagFault ?? '', /--heap-prof, which writes memory to a file/)
    assert.ok(facts.memoryWarnings.some((sentence) => /core file|goes to/.test(sentence)))
    assert.ok(!JSON.stringify(facts).includes('secret-argument'))
  },
)

test('reads flags that came by the environment, and that SIGUSR1 is off', needsProc, async () => {
  const facts = await factsOf('NODE_OPTIONS=--report-on-signal exec "$0" --disable-sigusr1 -e "$1"')
  assert.match(facts.flagFault ?? '', /NODE_OPTIONS has --report-on-signal/)
  const led = await factsOf('OPENSSL_MODULES=/nowhere exec "$0" --disable-sigusr1 -e "$1"')
  assert.match(led.flagFault ?? '', /OPENSSL_MODULES is set/)
  assert.equal(facts.opensInspector, false)
})

test('says nothing of a process that is not there', () => {
  const { name, uid, umask, flagFault, opensInspector } = machine.processFacts(2 ** 30)
  assert.deepEqual([name, uid, umask, flagFault, opensInspector], [null, null, null, null, null])
})

/** Of a Node.js that `command` starts in a shell; it gets the program as `$1`. */
async function factsOf(command: string): Promise<ReturnType<typeof machine.processFacts>> {
  const child = spawn('sh', ['-c', command, process.execPath, WAITS], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    await once(child.stdout, 'data')
    return machine.processFacts(child.pid ?? 0)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}
