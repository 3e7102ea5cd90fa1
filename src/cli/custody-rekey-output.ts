import type { CustodyStatus } from '../client/answers.ts'
import type { Guided, Outcome } from './ceremony/guided.ts'
import type { Row } from './output.ts'

/** Tells how far the change of shares is, what that means, and what comes next. */
export async function putOutcome(guided: Guided, outcome: Outcome): Promise<void> {
  const { call, dialog } = guided
  const custody = outcome.phase === 'complete' ? await custodyOf(guided) : null
  if (call.output.format === 'table') dialog.tell(...closing(guided, outcome, custody))
  else await call.output.data(NO_ROWS, outcomeValue(outcome, custody))
}

const NO_ROWS: readonly Row[] = []

/** For a script: one object, whatever the phase. */
export function outcomeValue(outcome: Outcome, custody: CustodyStatus | null): unknown {
  const { phase, status, progress, required, words, handedOut } = outcome
  return {
    phase,
    nonce: status.nonce,
    words,
    shares: status.shares,
    threshold: status.threshold,
    progress,
    required,
    verification_nonce: phase === 'verifying' ? status.verificationNonce : '',
    pgp_fingerprints: status.pgpFingerprints,
    files: handedOut.files,
    keys_base64: handedOut.messages,
    key_set: setValue(custody?.live ?? null),
    retiring: setValue(custody?.retiring ?? null),
  }
}

function setValue(set: CustodyStatus['live']): unknown {
  return set === null ? null : { number: set.number, words: set.words }
}

/** Nothing that was done depends on it: an old server may not know such a path. */
async function custodyOf({ client }: Guided): Promise<CustodyStatus | null> {
  try {
    return await client.custodyStatus()
  } catch {
    return null
  }
}

function closing(guided: Guided, outcome: Outcome, custody: CustodyStatus | null): readonly string[] {
  const { progress, required } = outcome
  const missing = required - progress
  if (outcome.phase === 'collecting') {
    return [
      '',
      `${progress} of ${required} are in, ${missing} missing. Nothing has changed yet.`,
      'Next: conclave custody rekey, with the missing shares; here or from any other machine.',
    ]
  }
  if (outcome.phase === 'verifying') {
    return [
      '',
      `${progress} of ${required} new shares were given back. Until all ${required} are,`,
      'the old shares open the server, and the new ones open nothing.',
      ...(guided.folder === null ? [] : [`Give each file in ${guided.folder} to its holder.`]),
      'Next: conclave custody rekey, with new shares.',
    ]
  }
  return completed(outcome, custody)
}

function completed({ status }: Outcome, custody: CustodyStatus | null): readonly string[] {
  const live = custody?.live ?? null
  const name = live === null ? '' : ` They are key set ${live.number}, "${live.words}".`
  const quorum = `any ${status.threshold} of the ${status.shares} new shares open the server`
  const retiring = custody?.retiring ?? null
  const old =
    retiring === null
      ? [
          'The old shares open nothing any more, except copies of the store that were made before now.',
          'Destroy them once no such copy is needed.',
        ]
      : [
          `The old ones, key set ${retiring.number} "${retiring.words}", still open it too, until the new`,
          `ones are known to have arrived: when ${status.threshold} of them have unsealed the server.`,
        ]
  return ['', '5. Done', `From now on ${quorum}.${name}`, ...old, '', 'Next: conclave snapshot save FILE']
}
