import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { utf8 } from '../../base/encoding.ts'
import { SecretBytes } from '../../base/secret-bytes.ts'
import { UsageError } from '../failure.ts'
import { prepareFolder, writeShareFile } from './share-files.ts'

const place = await mkdtemp(join(tmpdir(), 'conclave-shares-'))
after(() => rm(place, { recursive: true }))

test('makes a folder and files that nobody else can read', async () => {
  const folder = join(place, 'deep', 'new')
  await prepareFolder(folder)
  using secret = SecretBytes.take(utf8('one two'))
  const path = await writeShareFile(folder, 'share-1.txt', secret)
  assert.equal(await readFile(path, 'utf8'), 'one two')
  assert.deepEqual([(await stat(folder)).mode & 0o777, (await stat(path)).mode & 0o777], [0o700, 0o600])
})

test('refuses a folder that others can read, one with something in it, and a file', async () => {
  const loose = join(place, 'loose')
  await mkdir(loose)
  await chmod(loose, 0o750)
  await assert.rejects(prepareFolder(loose), /others could read/)
  const used = join(place, 'used')
  await mkdir(used, { mode: 0o700 })
  await writeFile(join(used, 'x'), '')
  await assert.rejects(prepareFolder(used), /is not empty/)
  await assert.rejects(prepareFolder(join(used, 'x')), UsageError)
})

test('writes over nothing, and follows no link out of the folder', async () => {
  const folder = join(place, 'linked')
  await prepareFolder(folder)
  await symlink(join(place, 'elsewhere'), join(folder, 'share-1.txt'))
  using secret = SecretBytes.take(utf8('one'))
  await assert.rejects(writeShareFile(folder, 'share-1.txt', secret), /could not be written/)
  await assert.rejects(stat(join(place, 'elsewhere')), /ENOENT/)
  await writeFile(join(folder, 'share-2.txt'), 'older')
  await assert.rejects(writeShareFile(folder, 'share-2.txt', secret), /could not be written/)
  assert.equal(await readFile(join(folder, 'share-2.txt'), 'utf8'), 'older')
})
