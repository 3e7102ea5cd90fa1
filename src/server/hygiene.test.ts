import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryWarnings, type SystemTexts } from './hygiene.ts'

/** As Linux 6 writes them. */
const limits = (core: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units     
Max stack size            8388608              unlimited            bytes     
Max core file size        ${core.padEnd(21)}unlimited            bytes     
Max resident set          unlimited            unlimited            bytes     
`
const NO_SWAP = 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'
const QUIET: SystemTexts = { limits: limits('0'), corePattern: 'core\n', swaps: NO_SWAP, swapMax: null }

test('a machine without core files and swap is told nothing', () => {
  assert.deepEqual(memoryWarnings(QUIET), [])
})

test('a machine that says nothing of itself is told nothing', () => {
  assert.deepEqual(memoryWarnings({ limits: null, corePattern: null, swaps: null, swapMax: null }), [])
})

test('a core limit that is not zero is told, with what sets it', () => {
  for (const core of ['unlimited', '1']) {
    const [warning, ...rest] = memoryWarnings({ ...QUIET, limits: limits(core) })
    assert.match(warning ?? '', /written to a core file.* ulimit -c 0 /)
    assert.deepEqual(rest, [])
  }
})

test('a program that takes crashes is told, whatever the limit is', () => {
  const corePattern = '|/usr/share/apport/apport -p%p -s%s -c%c\n'
  const [warning] = memoryWarnings({ ...QUIET, corePattern })
  assert.match(warning ?? '', /goes to \/usr\/share\/apport\/apport \(kernel\.core_pattern\)/)
})

test('swap on a disk is told, by its places', () => {
  const swaps = `${NO_SWAP}/dev/sda2                               partition\t999420\t\t0\t\t-2
/swapfile                               file\t\t999420\t\t0\t\t-3\n`
  const [warning] = memoryWarnings({ ...QUIET, swaps })
  assert.match(warning ?? '', /^swap is on \(\/dev\/sda2, \/swapfile\): .*swapoff -a/)
})

test('swap that is compressed memory, or that this service may not use, is not', () => {
  const swaps = `${NO_SWAP}/dev/zram0                              partition\t8388604\t0\t\t100\n`
  assert.deepEqual(memoryWarnings({ ...QUIET, swaps }), [])
  const disk = swaps.replace('zram0', 'sda2 ')
  assert.equal(memoryWarnings({ ...QUIET, swaps: disk, swapMax: 'max\n' }).length, 1)
  assert.deepEqual(memoryWarnings({ ...QUIET, swaps: disk, swapMax: '0\n' }), [])
})
